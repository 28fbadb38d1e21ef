"""RDS instances: which PostgreSQL server is behind which, under which address, and what happens to it when."""

import random
import string
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance

from cluster import Cluster, Programs
from shared import Shared


class Instances:
    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.programs = Programs(shared.database, shared.directory)
        #: By DbiResourceId, which stays when an instance is renamed.
        self.clusters: dict[str, Cluster] = {}
        self.snapshots: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._net = f"127.{random.randint(2, 250)}.{random.randint(2, 250)}"
        self._copies = 0

    def address(self, name: str) -> str:
        """A name has one address for ever, and only an instance of that name listens there: a name that is gone answers
        nobody, and after a rename the same address leads to other data."""
        name = name.lower()
        if name not in self._addresses:
            self._addresses[name] = f"{self._net}.{len(self._addresses) + 2}"
        return self._addresses[name]

    def new_name(self, what: str) -> str:
        self._copies += 1
        return f"{what}-{self._copies}"

    def of(self, instance: DBInstance) -> Cluster | None:
        return self.clusters.get(instance.dbi_resource_id)

    def _open(self, instance: DBInstance) -> Cluster | None:
        cluster = self.of(instance)
        if cluster is not None and not cluster.is_running():
            cluster.start(self.address(instance.db_instance_identifier), int(instance.port or 5432))
        return cluster

    def born(self, instance: DBInstance, data: str | None, duration: str) -> None:
        """`data`: a copy to start from; without it the instance is a new, empty one."""
        letters = random.choices(string.ascii_uppercase + string.digits, k=26)
        instance.dbi_resource_id = "db-" + "".join(letters)
        instance.status = "creating"
        instance.created = instance.instance_create_time = self.shared.clock.date()
        if instance.engine == "postgres":
            name = self.new_name("instance")
            path = self.programs.copy(self.programs.template(), name) if data is None else data
            self.clusters[instance.dbi_resource_id] = Cluster(self.programs, name, path)
        self.shared.after(duration, lambda: self._available(instance, data is None))

    def _available(self, instance: DBInstance, new: bool) -> None:
        if instance.status != "creating":
            return
        cluster = self._open(instance)
        if cluster is not None:
            if new:
                cluster.prepare(instance.master_username or "postgres", password_of(instance), instance.db_name)
            cluster.keep_base()
        instance.status = "available"

    def require_available(self, instance: DBInstance) -> None:
        if instance.status != "available":
            raise RDSClientError(
                "InvalidDBInstanceState", f"DB instance {instance.db_instance_identifier} is not in available state."
            )

    def rename(self, instance: DBInstance) -> None:
        """The identifier has changed already. Source: RDS user guide, "Renaming a DB instance": it is rebooted, the old
        name is deleted immediately, the new one becomes effective later."""
        self.reboot(instance, "renaming", "renameMs")

    def reboot(self, instance: DBInstance, status: str, duration: str) -> None:
        cluster = self.of(instance)
        if cluster is not None:
            cluster.stop()
        instance.status = status
        self.shared.after(duration, lambda: self._up(instance, status))

    def _up(self, instance: DBInstance, status: str) -> None:
        if instance.status != status:
            return
        self._open(instance)
        instance.waiting_group = False
        instance.status = "available"

    def stop_instance(self, instance: DBInstance) -> None:
        cluster = self.of(instance)
        if cluster is not None:
            cluster.stop()

    def forget(self, instance: DBInstance) -> None:
        cluster = self.clusters.pop(instance.dbi_resource_id, None)
        if cluster is not None:
            cluster.forget()

    def stop(self) -> None:
        for cluster in self.clusters.values():
            cluster.stop()


def password_of(instance: DBInstance) -> str:
    if instance.manage_master_user_password:
        return str(instance.master_user_secret.password)
    return getattr(instance, "_master_user_password", None) or ""
