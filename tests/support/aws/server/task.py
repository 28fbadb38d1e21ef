"""An ECS task: its containers, its life from PROVISIONING to STOPPED, and its health."""

import threading
import time
import urllib.error
import urllib.request
import uuid
from typing import Any, Callable

import images
from container import CannotStart, Container
from shared import Shared


class Task:
    def __init__(self, shared: Shared, definition: Any, options: dict[str, Any]) -> None:
        """`options`: cluster_arn, group, started_by, launch_type, tags, overrides, pins (reference to Pulled; a tag is
        resolved once per deployment), port_of (name of the container behind the load balancer), ended(task)."""
        self.shared = shared
        self.definition = definition
        self.options = options
        self.id = uuid.uuid4().hex
        cluster = options["cluster_arn"].split("/")[-1]
        self.arn = options["cluster_arn"].replace(f":cluster/{cluster}", f":task/{cluster}/{self.id}")
        self.status = "PROVISIONING"
        self.desired = "RUNNING"
        self.health = "UNKNOWN"
        #: Chosen to be stopped by the scheduler or a person; gets no new requests.
        self.leaving = False
        self.created = shared.clock.now()
        self.started: float | None = None
        self.stopping: float | None = None
        self.stopped: float | None = None
        self.stopped_reason: str | None = None
        self.stop_code: str | None = None
        overrides = {one["name"]: one for one in (options.get("overrides") or {}).get("containerOverrides") or []}
        arn = self.arn.replace(":task/", ":container/")
        self.containers = [
            Container(shared, one, overrides.get(one["name"], {}), f"{arn}/{uuid.uuid4()}")
            for one in definition.container_definitions
        ]
        shared.after("taskStartMs", self._start)

    @property
    def facing(self) -> Container | None:
        """The container behind the load balancer; None when no container has a port."""
        wanted = self.options.get("port_of")
        open_ones = [one for one in self.containers if one.definition.get("portMappings")]
        return next((one for one in open_ones if one.name == wanted), open_ones[0] if open_ones else None)

    @property
    def is_under_way(self) -> bool:
        """Does a process do something that takes real time: begin to answer, run to its end, or end?"""
        if self.status == "RUNNING" and self.options.get("service"):
            return self.facing is not None and self.health == "UNKNOWN"
        return self.status in ("RUNNING", "STOPPING")

    @property
    def ready(self) -> bool:
        """Counts as healthy: runs, and answers its health check where it has a port."""
        return self.status == "RUNNING" and (self.facing is None or self.health == "HEALTHY")

    def _start(self) -> None:
        if self.status == "STOPPED" or self.leaving:
            return self._finish()
        self.status = "PENDING"
        try:
            for container in self.containers:
                container.start(self._pull(container), self.id, self._container_ended)
        except (images.CannotPull, CannotStart) as error:
            self.stop(str(error), "TaskFailedToStart", failed=True)
            return
        self.status = "RUNNING"
        self.started = self.shared.clock.now()
        if self.facing is not None and self.options.get("service"):
            threading.Thread(target=self._probe, daemon=True).start()

    def _pull(self, container: Container) -> images.Pulled:
        reference = container.definition["image"]
        pins: dict[str, images.Pulled] = self.options["pins"]
        # Source: ECS developer guide, "Container image resolution": the digest is pinned for the whole deployment.
        if container.definition.get("versionConsistency") == "disabled":
            return images.pull(reference)
        if reference not in pins:
            pins[reference] = images.pull(reference)
        elif images.is_from_ecr(reference) and images.find(digest_of(reference, pins[reference])) is None:
            images.pull(digest_of(reference, pins[reference]))
        return pins[reference]

    def _container_ended(self, container: Container) -> None:
        if container.essential and not self.leaving and self.stopping is None:
            self.stop("Essential container in task exited", "EssentialContainerExited", failed=True)
        if not any(one.is_running() for one in self.containers) and self.stopping is not None:
            self._finish()

    def stop(self, reason: str, code: str, *, drain: bool = False, failed: bool = False) -> None:
        """`failed`: it did not end because somebody wanted it to."""
        if self.stopping is not None or self.leaving or self.status == "STOPPED":
            return
        self.leaving = not failed
        self.desired = "STOPPED"
        self.stopped_reason, self.stop_code = reason, code
        if drain and self.status == "RUNNING":
            self.status = "DEACTIVATING"
            self.shared.after("drainMs", self._terminate)
        else:
            self._terminate()

    def _terminate(self) -> None:
        if self.stopping is not None:
            return
        self.status = "STOPPING"
        self.stopping = self.shared.clock.now()
        for container in self.containers:
            container.stop()
        if not any(one.is_running() for one in self.containers):
            self._finish()

    def _finish(self) -> None:
        if self.status == "STOPPED":
            return
        self.status, self.desired = "STOPPED", "STOPPED"
        self.stopped = self.shared.clock.now()
        ended: Callable[[Task], None] | None = self.options.get("ended")
        if ended is not None:
            ended(self)

    def _probe(self) -> None:
        """Asks for the health path as a load balancer does, in real time."""
        facing = self.facing
        assert facing is not None
        url = f"http://127.0.0.1:{facing.port}{self.shared.settings['healthPath']}"
        silent_since = time.monotonic()
        bad_since: float | None = None
        while self.status == "RUNNING":
            answer = ask(url)
            now = time.monotonic()
            if answer is not None:
                silent_since = now
            bad_since = None if answer is not None and answer < 400 else (bad_since or now if answer else bad_since)
            with self.shared.lock:
                self._judge(answer, now - silent_since, now - bad_since if bad_since else 0.0)
            time.sleep(0.2 if self.health == "HEALTHY" else 0.015)

    def _judge(self, answer: int | None, silent: float, bad: float) -> None:
        if self.status != "RUNNING":
            return
        if answer is not None and answer < 400:
            self.health = "HEALTHY"
        elif bad * 1000 > self.shared.durations["unhealthyMs"]:
            self._unhealthy(f"Health checks failed with these codes: [{answer or 'timeout'}]")
        elif silent * 1000 > self.shared.durations["startupMs"]:
            self._unhealthy("Request timed out")

    def _unhealthy(self, why: str) -> None:
        self.health = "UNHEALTHY"
        told: Callable[[Task, str], None] | None = self.options.get("unhealthy")
        if told is not None:
            told(self, why)
        group = self.options.get("target_group") or "target-group"
        self.stop(f"Task failed ELB health checks in ({group})", "ServiceSchedulerInitiated", failed=True)

    def describe(self) -> dict[str, Any]:
        date = self.shared.clock.date
        return {
            "taskArn": self.arn,
            "clusterArn": self.options["cluster_arn"],
            "taskDefinitionArn": self.definition.arn,
            "lastStatus": self.status,
            "desiredStatus": self.desired,
            "healthStatus": self.health,
            "group": self.options.get("group"),
            "startedBy": self.options.get("started_by"),
            "launchType": self.options.get("launch_type"),
            "tags": self.options.get("tags") or [],
            "overrides": self.options.get("overrides") or {},
            "cpu": self.definition.cpu,
            "memory": self.definition.memory,
            "containers": [one.describe(self.arn, self.status, self.health) for one in self.containers],
            "createdAt": date(self.created),
            "startedAt": date(self.started) if self.started else None,
            "stoppingAt": date(self.stopping) if self.stopping else None,
            "stoppedAt": date(self.stopped) if self.stopped else None,
            "stoppedReason": self.stopped_reason,
            "connectivity": "CONNECTED",
            "attachments": [],
            "version": 1,
            "stopCode": self.stop_code,
        }


def digest_of(reference: str, pulled: images.Pulled) -> str:
    base = reference.split("@")[0]
    repository = base.rsplit(":", 1)[0] if ":" in base.split("/")[-1] else base
    return f"{repository}@{pulled.digest}"


def ask(url: str) -> int | None:
    """Status of the answer; None when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None
