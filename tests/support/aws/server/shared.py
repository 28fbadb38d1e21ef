"""What all parts of one world share: one lock, one clock, durations and limits that a test may change at any time."""

import threading
from dataclasses import dataclass, field
from typing import Any

from clock import Clock

#: Milliseconds of the world's time, except where a line says real.
DURATIONS: dict[str, float] = {
    "createMs": 20,  # CreateDBInstance until available
    "snapshotMs": 40,
    "restoreMs": 40,
    "renameMs": 40,  # until the new name answers
    "rebootMs": 20,
    "modifyMs": 20,
    "deleteMs": 20,
    "taskStartMs": 10,  # PROVISIONING and PENDING of a task, before its process starts
    "settleMs": 30,  # all healthy until the deployment is COMPLETED
    "drainMs": 40,  # DEACTIVATING: no new requests, the process still runs
    "retryMs": 30,  # times the number of failures: until the next try to start a task
    "unhealthyMs": 200,  # real; a task that answers its health check badly for so long is stopped
    "startupMs": 20_000,  # real; a task that does not answer at all for so long is stopped
    "stopMs": 3_000,  # real; TERM until KILL
    "invalidationMs": 40,
}

SETTINGS: dict[str, Any] = {
    "snapshotQuota": 100,  # manual snapshots per region
    "instanceQuota": 40,
    "capacity": 1_000,  # tasks that find room
    "healthPath": "/health",
    "failSnapshots": 0,  # so many of the next snapshots end as `failed`
    "restoreLoses": [],  # parameters of a restore that are lost on the way, such as DBParameterGroupName
}


@dataclass
class Shared:
    region: str
    account: str
    #: For programs and logs, and for databases: in memory where the machine allows it.
    directory: str
    memory: str
    #: Port of databases that name none, and names of the PostgreSQL programs and who runs them.
    database: dict[str, Any]
    node: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Clock = field(default_factory=Clock)
    durations: dict[str, float] = field(default_factory=lambda: dict(DURATIONS))
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))

    def configure(self, durations: dict[str, float], settings: dict[str, Any]) -> None:
        for known, given in ((self.durations, durations), (self.settings, settings)):
            unknown = set(given) - set(known)
            if unknown:
                raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
            known.update(given)

    def look_again(self, ms: float) -> None:
        """Something is to be noticed then, without anything that happens by itself."""
        self.clock.after(ms, lambda: None)

    def after(self, duration: str, action: Any) -> None:
        self.clock.after(self.durations[duration], action)
