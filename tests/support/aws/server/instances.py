"""RDS instances: which PostgreSQL server is behind which, under which address, and what happens to it when."""

import random
import string
import time
import traceback
from typing import Callable

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance

from cluster import Cluster, Source
from programs import Programs
from shared import Shared


class Instances:
    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.programs = Programs(shared.database, shared.memory)
        #: By DbiResourceId, which stays when an instance is renamed.
        self.clusters: dict[str, Cluster] = {}
        self.snapshots: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._net = f"127.{random.randint(2, 250)}.{random.randint(2, 250)}"
        self._copies = 0
        self._opening: list[tuple[DBInstance, str, Callable[[], None]]] = []

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

    def _open(self, instance: DBInstance) -> bool:
        """To be called again until it answers True: servers start while the world goes on."""
        cluster = self.of(instance)
        if cluster is None:
            return True
        if not cluster.has_data():
            return False
        if not cluster.is_running():
            cluster.start(self.address(instance.db_instance_identifier), int(instance.port or 5432))
            return False
        return cluster.is_up()

    def _when_open(self, instance: DBInstance, status: str, then: Callable[[], None]) -> None:
        self._opening.append((instance, status, then))

    def is_under_way(self) -> bool:
        return bool(self._opening)

    def look(self) -> None:
        """Servers start in real time, however fast the world's time goes. Who has another status meanwhile is left
        alone."""
        opening, self._opening = self._opening, []
        for instance, status, then in opening:
            if instance.status != status:
                continue
            try:
                if self._open(instance):
                    then()
                else:
                    self._opening.append((instance, status, then))
            except Exception:
                instance.status = "failed"
                traceback.print_exc()

    def born(self, instance: DBInstance, source: Source | None, duration: str) -> None:
        """`source`: see there; None for a new, empty instance."""
        instance.dbi_resource_id = new_resource_id()
        instance.status = "creating"
        instance.created = instance.instance_create_time = self.shared.clock.date()
        if instance.engine == "postgres":
            self.clusters[instance.dbi_resource_id] = Cluster(
                self.programs, self.new_name("instance"), source or self._empty
            )
        done = lambda: self._available(instance, source is None)  # noqa: E731
        self.shared.after(duration, lambda: self._when_open(instance, "creating", done))

    def _empty(self, name: str) -> str:
        template = self.programs.template()
        self.programs.copy(template, name)
        return template

    def from_snapshot(self, identifier: str) -> Source | None:
        path = self.snapshots.get(identifier.lower())
        if path is None:
            return None

        def copied(name: str) -> str:
            self.programs.copy(path, name)
            return path

        return copied

    def _available(self, instance: DBInstance, new: bool) -> None:
        cluster = self.of(instance)
        if cluster is not None:
            if new:
                cluster.prepare(instance.master_username or "postgres", password_of(instance), instance.db_name)
            cluster.born = cluster.born or time.time()
        instance.waiting_group = False
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
        done = lambda: self._available(instance, False)  # noqa: E731
        self.shared.after(duration, lambda: self._when_open(instance, status, done))

    def stop_instance(self, instance: DBInstance) -> None:
        cluster = self.of(instance)
        if cluster is not None:
            cluster.stop()

    def forget(self, instance: DBInstance) -> None:
        cluster = self.clusters.pop(instance.dbi_resource_id, None)
        if cluster is not None:
            cluster.forget()

    def stop(self) -> None:
        processes = [cluster.quit() for cluster in self.clusters.values()]
        deadline = time.monotonic() + 3
        while any(one is not None and one.poll() is None for one in processes) and time.monotonic() < deadline:
            time.sleep(0.01)


def new_resource_id() -> str:
    return "db-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=26))


def password_of(instance: DBInstance) -> str:
    if instance.manage_master_user_password:
        return str(instance.master_user_secret.password)
    return getattr(instance, "_master_user_password", None) or ""
