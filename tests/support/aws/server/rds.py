"""The calls of RDS that concern instances and snapshots: moto's, with the rules that moto lacks."""

from datetime import datetime, timezone
from typing import Any

from moto.rds.exceptions import DBInstanceAlreadyExists, RDSClientError
from moto.rds.models import DBInstance, DBSnapshot, MasterUserSecret, RDSBackend

import restored
from cluster import Source
from instances import Instances, new_resource_id, password_of
from snapshots import SnapshotCalls, progress

moto = {
    name: getattr(RDSBackend, name)
    for name in (
        "create_db_instance",
        "create_db_instance_read_replica",
        "modify_db_instance",
        "reboot_db_instance",
        "restore_db_instance_from_db_snapshot",
        "restore_db_instance_to_point_in_time",
        "stop_db_instance",
        "start_db_instance",
        "delete_db_instance",
    )
}

#: Wait for the maintenance window without ApplyImmediately. Source: RDS user guide, "Available settings" of a
#: modification.
DEFERRED = {
    "DBInstanceClass",
    "AllocatedStorage",
    "MultiAZ",
    "EngineVersion",
    "StorageType",
    "Iops",
    "StorageThroughput",
    "DBPortNumber",
    "CACertificateIdentifier",
    "LicenseModel",
}


class InstanceCalls:
    instances: Instances
    databases: Any
    database_snapshots: Any
    describe_db_instances: Any
    describe_db_snapshots: Any

    def create_db_instance(self, db_kwargs: Any) -> DBInstance:
        restoring = getattr(self, "restoring", None)
        if len(self.databases) >= self.instances.shared.settings["instanceQuota"]:
            raise RDSClientError("InstanceQuotaExceeded", "DB Instance quota exceeded")
        if db_kwargs.get("port") is None:
            db_kwargs["port"] = self.instances.shared.database["port"]
        if db_kwargs["engine"] == "postgres" and not db_kwargs.get("engine_version"):
            db_kwargs["engine_version"] = "18.1"
        if restoring is not None:
            db_kwargs["manage_master_user_password"] = False
        instance: DBInstance = moto["create_db_instance"](self, db_kwargs)
        if restoring is None:
            self.instances.born(instance, None, "createMs")
        else:
            restored.settle(instance, restoring["request"], self.instances.shared.settings["restoreLoses"])
            self.instances.born(instance, restoring["data"], "restoreMs")
        return instance

    def create_db_instance_read_replica(self, db_kwargs: Any) -> DBInstance:
        """No data is behind a replica here; moto's is a copy that would share the server of its source."""
        replica: DBInstance = moto["create_db_instance_read_replica"](self, db_kwargs)
        replica.dbi_resource_id = new_resource_id()
        return replica

    def _restore(self, name: str, request: dict[str, Any], data: Source | None, call: Any) -> DBInstance:
        if name in self.databases:
            raise DBInstanceAlreadyExists()
        self.restoring = {"request": request, "data": data}
        try:
            return call()
        finally:
            self.restoring = None

    def restore_db_instance_from_db_snapshot(self, from_snapshot_id: str, overrides: Any) -> DBInstance:
        [snapshot] = self.describe_db_snapshots(None, from_snapshot_id.split(":snapshot:")[-1])
        if snapshot.status != "available":
            raise RDSClientError("InvalidDBSnapshotState", f"DB snapshot {from_snapshot_id} is not in available state.")
        request = dict(overrides.original_dict())
        name = request["DBInstanceIdentifier"]
        if name in self.databases:
            raise DBInstanceAlreadyExists()
        data = self.instances.from_snapshot(snapshot.db_snapshot_identifier)
        call = moto["restore_db_instance_from_db_snapshot"]
        return self._restore(name, request, data, lambda: call(self, from_snapshot_id, overrides))

    def restore_db_instance_to_point_in_time(
        self, source_db_identifier: str, target_db_identifier: str, overrides: Any
    ) -> DBInstance:
        """Source: RDS API reference, RestoreDBInstanceToPointInTime: a time before LatestRestorableTime and after the
        instance was created, or the latest one; automated backups must be on."""
        request = dict(overrides.original_dict())
        [source] = self.describe_db_instances(source_db_identifier)
        moment = None if request.get("RestoreTime") is None else utc(request["RestoreTime"])
        if (moment is None) == (not request.get("UseLatestRestorableTime")):
            raise RDSClientError(
                "InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime."
            )
        if target_db_identifier in self.databases:
            raise DBInstanceAlreadyExists()
        if source.backup_retention_period == 0:
            raise RDSClientError("InvalidRestoreFault", "Automated backups are not enabled for the source DB instance.")
        cluster = self.instances.of(source)
        real = None if moment is None else self.instances.shared.clock.real(moment.timestamp())
        if moment is not None and (
            moment > source.latest_restorable_time or (cluster and real is not None and real < cluster.born)
        ):
            raise RDSClientError(
                "InvalidRestoreFault", "The specified restore time is not within the restorable window."
            )
        data = None if cluster is None else cluster.at(real)
        call = moto["restore_db_instance_to_point_in_time"]
        go = lambda: call(self, source_db_identifier, target_db_identifier, overrides)  # noqa: E731
        return self._restore(target_db_identifier, request, data, go)

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: Any) -> DBInstance:
        [instance] = self.describe_db_instances(db_instance_identifier)
        request = dict(db_kwargs.original_dict())
        self.instances.require_available(instance)
        # moto has written this one under another name already.
        name = (db_kwargs.get("new_db_instance_identifier") or "").lower()
        if name and name in self.databases:
            raise DBInstanceAlreadyExists()
        if not request.get("ApplyImmediately"):
            later = {key: value for key, value in request.items() if key in DEFERRED}
            if name:
                later["DBInstanceIdentifier"] = name
            instance.pending_modified_values = {**(getattr(instance, "pending_modified_values", None) or {}), **later}
            for key in [*later, "new_db_instance_identifier"]:
                db_kwargs.pop(key, None)
            name = ""
        if request.get("DBParameterGroupName") not in (None, instance.db_parameter_group_name):
            instance.waiting_group = True
        moto["modify_db_instance"](self, db_instance_identifier, db_kwargs)
        if "EnableIAMDatabaseAuthentication" in request:
            instance.enable_iam_database_authentication = request["EnableIAMDatabaseAuthentication"]
        if name:
            self.instances.rename(instance)
        else:
            self._modified(instance, db_kwargs)
        return instance

    def _modified(self, instance: DBInstance, db_kwargs: Any) -> None:
        cluster = self.instances.of(instance)
        if cluster is not None and db_kwargs.get("MasterUserPassword"):
            cluster.set_password(instance.master_username or "postgres", password_of(instance))
        instance.status = "modifying"

        def done() -> None:
            if instance.status == "modifying":
                instance.status = "available"

        self.instances.shared.after("modifyMs", done)

    def reboot_db_instance(self, db_instance_identifier: str) -> DBInstance:
        [instance] = self.describe_db_instances(db_instance_identifier)
        self.instances.require_available(instance)
        self.instances.reboot(instance, "rebooting", "rebootMs")
        return instance

    def stop_db_instance(self, db_instance_identifier: str, db_snapshot_identifier: str | None = None) -> DBInstance:
        instance: DBInstance = moto["stop_db_instance"](self, db_instance_identifier, db_snapshot_identifier)
        self.instances.stop_instance(instance)
        return instance

    def start_db_instance(self, db_instance_identifier: str) -> DBInstance:
        instance: DBInstance = moto["start_db_instance"](self, db_instance_identifier)
        self.instances.reboot(instance, "starting", "rebootMs")
        return instance

    def delete_db_instance(
        self, db_instance_identifier: str, final_db_snapshot_identifier: str | None = None, **options: Any
    ) -> DBInstance:
        if not final_db_snapshot_identifier and not options.get("skip_final_snapshot"):
            raise RDSClientError(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )
        instance: DBInstance = moto["delete_db_instance"](
            self, db_instance_identifier, final_db_snapshot_identifier, **options
        )
        # It is seen as `deleting` for a while, and keeps its name for so long.
        name = instance.db_instance_identifier
        self.databases[name] = instance
        self.instances.stop_instance(instance)

        def gone() -> None:
            self.instances.forget(instance)
            if self.databases.get(name) is instance:
                del self.databases[name]

        self.instances.shared.after("deleteMs", gone)
        return instance


def utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def install(instances: Instances) -> None:
    clock = instances.shared.clock
    for calls in (InstanceCalls, SnapshotCalls):
        for name, method in vars(calls).items():
            if callable(method):
                setattr(RDSBackend, name, method)
    RDSBackend.instances = instances  # type: ignore[attr-defined]
    # moto takes an automated snapshot of each new instance; here nothing appears that nobody asked for.
    DBInstance.save_automated_backup = lambda self: None
    DBInstance.address = property(lambda self: instances.address(self.db_instance_identifier))
    endpoint = DBInstance.endpoint.fget
    DBInstance.endpoint = property(lambda self: None if self.status == "creating" else endpoint(self))
    DBInstance.latest_restorable_time = property(lambda self: clock.date())
    DBInstance.db_parameter_group_status_list = property(parameter_groups)
    DBSnapshot.percent_progress = property(lambda self: progress(self, clock.now()))
    remember_password()


def parameter_groups(instance: DBInstance) -> list[dict[str, str]]:
    """Source: RDS user guide, "Associating a DB parameter group": another group applies only after a reboot."""
    status = "pending-reboot" if getattr(instance, "waiting_group", False) else "in-sync"
    groups = instance.db_parameter_groups()
    return [{"DBParameterGroupName": one.name, "ParameterApplyStatus": status} for one in groups]


def remember_password() -> None:
    """A managed password is one of its own, for the master user; moto's is the same everywhere and for `admin`."""
    import json
    import secrets

    def generate(self: MasterUserSecret) -> str:
        self.password = secrets.token_urlsafe(18)  # type: ignore[attr-defined]
        return json.dumps({"username": self.resource.master_username, "password": self.password})

    MasterUserSecret._generate_secret_string = generate
