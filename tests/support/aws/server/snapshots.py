"""The calls of RDS that concern snapshots: moto's, with data behind them, and with the time that they take."""

from typing import Any

from moto.rds.exceptions import DBSnapshotAlreadyExistsError, SnapshotQuotaExceededFault
from moto.rds.models import DBInstance, DBSnapshot, RDSBackend

from instances import Instances

moto = {name: getattr(RDSBackend, name) for name in ("create_db_snapshot", "copy_db_snapshot")}


class SnapshotCalls:
    instances: Instances
    databases: Any
    database_snapshots: Any

    def create_db_snapshot(
        self, db_instance_identifier: str, db_snapshot_identifier: str, *rest: Any, **options: Any
    ) -> DBSnapshot:
        """The data of the instant of this call. Source: RDS user guide, "Creating a DB snapshot": `backing-up`
        meanwhile; quota of manual snapshots: "Quotas and constraints for Amazon RDS"."""
        if db_snapshot_identifier in self.database_snapshots:
            raise DBSnapshotAlreadyExistsError(db_snapshot_identifier)
        instance: DBInstance | None = self.databases.get(db_instance_identifier)
        if instance is not None:
            self.instances.require_available(instance)
        manual = sum(one.snapshot_type == "manual" for one in self.database_snapshots.values())
        if manual >= self.instances.shared.settings["snapshotQuota"]:
            raise SnapshotQuotaExceededFault()
        snapshot: DBSnapshot = moto["create_db_snapshot"](
            self, db_instance_identifier, db_snapshot_identifier, *rest, **options
        )
        cluster = self.instances.of(instance) if instance is not None else None
        if cluster is not None:
            self.instances.snapshots[snapshot.db_snapshot_identifier] = cluster.copy(
                self.instances.new_name("snapshot")
            )
        self._take_time(snapshot, instance)
        return snapshot

    def _take_time(self, snapshot: DBSnapshot, instance: DBInstance | None) -> None:
        shared = self.instances.shared
        snapshot.status = "creating"
        snapshot.created = shared.clock.date()
        snapshot.taking = (shared.clock.now(), shared.durations["snapshotMs"] / 1000)
        if instance is not None:
            instance.status = "backing-up"
        fails = shared.settings["failSnapshots"] > 0
        shared.settings["failSnapshots"] -= 1 if fails else 0

        def done() -> None:
            snapshot.status = "failed" if fails else "available"
            if instance is not None and instance.status == "backing-up":
                instance.status = "available"

        shared.after("snapshotMs", done)

    def copy_db_snapshot(
        self, source_db_snapshot_identifier: str, target_db_snapshot_identifier: str, *rest: Any, **options: Any
    ) -> DBSnapshot:
        copy: DBSnapshot = moto["copy_db_snapshot"](
            self, source_db_snapshot_identifier, target_db_snapshot_identifier, *rest, **options
        )
        source = source_db_snapshot_identifier.split(":snapshot:")[-1].lower()
        if source in self.instances.snapshots:
            self.instances.snapshots[copy.db_snapshot_identifier] = self.instances.snapshots[source]
        self._take_time(copy, None)
        return copy


def progress(snapshot: DBSnapshot, now: float) -> int:
    begun, takes = getattr(snapshot, "taking", (0.0, 0.0))
    if snapshot.status != "creating":
        return 100
    return min(99, int(100 * (now - begun) / takes)) if takes > 0 else 99
