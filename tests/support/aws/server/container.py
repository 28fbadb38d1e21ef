"""One container of a task: a real process, its environment, its secrets and its log stream."""

import json
import os
import signal
import socket
import subprocess
import threading
from typing import Any, Callable

from moto.logs.models import logs_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

import images
from shared import Shared


class CannotStart(Exception):
    """The text that a stopped task shows."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def secret_value(shared: Shared, reference: str) -> str:
    """A secret as a container definition names it: the ARN of a secret, with `:json-key:version-stage:version-id`
    behind it or not, or name or ARN of a parameter. Source: ECS developer guide, "Pass Secrets Manager secrets"."""
    try:
        if ":secretsmanager:" not in reference:
            found = ssm_backends[shared.account][shared.region].get_parameter(reference.split(":parameter")[-1])
            if found is None:
                raise KeyError(reference)
            return found.value
        parts = reference.split(":")
        key, stage, version = (parts[7:] + ["", "", ""])[:3]
        store = secretsmanager_backends[shared.account][shared.region]
        text = store.get_secret_value(":".join(parts[:7]), version or None, stage or None)["SecretString"]
        return json.loads(text)[key] if key else text
    except Exception as error:
        raise CannotStart(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
            f"failed: unable to retrieve secret from asm: {reference}: {type(error).__name__}"
        ) from error


class Container:
    def __init__(self, shared: Shared, definition: dict[str, Any], overrides: dict[str, Any], arn: str) -> None:
        self.shared = shared
        self.definition = definition
        self.overrides = overrides
        self.arn = arn
        self.name: str = definition["name"]
        self.essential: bool = definition.get("essential", True)
        self.port = free_port()
        self.digest: str | None = None
        self.exit_code: int | None = None
        self.reason: str | None = None
        self.process: subprocess.Popen[str] | None = None
        self._stream: tuple[Any, str] | None = None

    def start(self, pulled: images.Pulled, task_id: str, ended: Callable[["Container"], None]) -> None:
        """Raises CannotStart. `ended` is called, with the lock held, when the process has ended by whatever cause."""
        self.digest = pulled.digest
        environment = self._environment()
        self._open_log(task_id)
        if pulled.program is None:
            return
        directory = os.path.join(self.shared.directory, "images")
        program = os.path.join(directory, pulled.digest.replace(":", "-") + ".mjs")
        if not os.path.exists(program):
            with open(program, "w", encoding="utf8") as file:
                file.write(pulled.program)
        command = self.overrides.get("command") or self.definition.get("command") or []
        self.process = subprocess.Popen(
            [self.shared.node, program, *command],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._follow, args=(ended,), daemon=True).start()

    def _environment(self) -> dict[str, str]:
        given = {entry["name"]: entry["value"] for entry in self.definition.get("environment") or []}
        given |= {entry["name"]: entry["value"] for entry in self.overrides.get("environment") or []}
        for entry in self.definition.get("secrets") or []:
            given[entry["name"]] = secret_value(self.shared, entry["valueFrom"])
        # Containers share one machine here: the port comes from the world and not from the port mapping.
        return {"PATH": os.environ.get("PATH", ""), **given, "PORT": str(self.port), "HOST": "127.0.0.1"}

    def _open_log(self, task_id: str) -> None:
        log = self.definition.get("logConfiguration") or {}
        if log.get("logDriver") != "awslogs":
            return
        options = log.get("options") or {}
        group, prefix = options.get("awslogs-group", ""), options.get("awslogs-stream-prefix")
        backend = logs_backends[self.shared.account][options.get("awslogs-region", self.shared.region)]
        if group not in backend.groups:
            if options.get("awslogs-create-group") != "true":
                raise CannotStart(
                    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
                    "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group "
                    "does not exist. : exit status 1"
                )
            backend.create_log_group(group, {})
        stream = f"{prefix}/{self.name}/{task_id}" if prefix else task_id
        backend.ensure_log_stream(group, stream)
        self._stream = (backend.groups[group], stream)

    def _follow(self, ended: Callable[["Container"], None]) -> None:
        assert self.process is not None
        for line in self.process.stdout or []:
            with self.shared.lock:
                self._log(line.rstrip("\n"))
        code = self.process.wait()
        with self.shared.lock:
            # As a container runtime tells of a process that a signal ended.
            self.exit_code = 128 - code if code < 0 else code
            ended(self)

    def _log(self, line: str) -> None:
        if self._stream is None or line == "":
            return
        group, stream = self._stream
        group.put_log_events(stream, [{"timestamp": int(self.shared.clock.now() * 1000), "message": line}])

    def is_running(self) -> bool:
        return self.process is not None and self.exit_code is None

    def stop(self) -> None:
        """TERM, and KILL where that did not help."""
        if not self.is_running():
            return
        self._signal(signal.SIGTERM)
        timer = threading.Timer(self.shared.durations["stopMs"] / 1000, self._signal, [signal.SIGKILL])
        timer.daemon = True
        timer.start()

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.exit_code is None:
            self.process.send_signal(number)

    def describe(self, task_arn: str, task_status: str, health: str) -> dict[str, Any]:
        port = [
            {
                "bindIP": "127.0.0.1",
                "containerPort": mapping.get("containerPort"),
                "hostPort": self.port,
                "protocol": "tcp",
            }
            for mapping in (self.definition.get("portMappings") or [])[:1]
        ]
        return {
            "containerArn": self.arn,
            "taskArn": task_arn,
            "name": self.name,
            "image": self.definition.get("image"),
            "imageDigest": self.digest,
            "lastStatus": "STOPPED" if self.exit_code is not None else task_status,
            "exitCode": self.exit_code,
            "reason": self.reason,
            "networkBindings": port,
            "networkInterfaces": [],
            "healthStatus": health,
            "cpu": str(self.definition.get("cpu", 0)),
            "essential": self.essential,
        }
