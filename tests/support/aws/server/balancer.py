"""Talks to the load balancer, which is a Node process (`balancer.mjs`)."""

import json
import os
import subprocess
import threading


class Balancer:
    def __init__(self, node: str) -> None:
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "balancer.mjs")
        self._process = subprocess.Popen(
            [node, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._ports: dict[str, int] = {}
        self._targets: dict[str, list[int]] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or []:
            answer = json.loads(line)
            with self._changed:
                self._ports[answer["service"]] = answer["port"]
                self._changed.notify_all()

    def knows(self, service: str) -> bool:
        return service in self._targets

    def point(self, service: str, targets: list[int]) -> None:
        """Sends new requests to these ports from now on."""
        if self._targets.get(service) == targets or self._process.stdin is None:
            return
        self._targets[service] = targets
        self._process.stdin.write(json.dumps({"service": service, "targets": targets}) + "\n")
        self._process.stdin.flush()

    def port(self, service: str) -> int:
        """The port of a service's stable address; opened when first asked for."""
        if service not in self._targets:
            self.point(service, [])
        with self._changed:
            if not self._changed.wait_for(lambda: service in self._ports, 10):
                raise RuntimeError(f"the load balancer opened no port for {service}")
            return self._ports[service]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
