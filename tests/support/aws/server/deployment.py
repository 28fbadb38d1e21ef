"""One deployment of an ECS service, as the scheduler keeps it."""

from dataclasses import dataclass, field
from typing import Any

from moto.moto_api._internal import mock_random

from task import Task


@dataclass
class Deployment:
    definition: Any
    #: Reference of an image to what it was when the first task of this deployment started.
    pins: dict[str, Any]
    created: float
    id: str = field(default_factory=lambda: f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}")
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0
    #: Failures that the circuit breaker counts; a healthy task sets it back to 0.
    in_a_row: int = 0
    tasks: list[Task] = field(default_factory=list)
    retry_at: float = 0.0
    steady_since: float | None = None
    rolls_back: str | None = None
    #: Alarms that fired when it began.
    deaf_to: set[str] = field(default_factory=set)
    proved: set[str] = field(default_factory=set)

    def staying(self) -> list[Task]:
        return [task for task in self.tasks if not task.leaving and task.stopping is None]


def running(tasks: list[Task]) -> int:
    return sum(task.status == "RUNNING" for task in tasks)


def pending(tasks: list[Task]) -> int:
    return sum(task.status in ("PROVISIONING", "PENDING") for task in tasks)


def named(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
