"""`/world/…`: what tests ask and tell the world beside AWS's own calls. Everything is JSON."""

import json
import time
from typing import Any, Callable

from scheduler import Scheduler
from shared import Shared


class Control:
    def __init__(
        self, shared: Shared, scheduler: Scheduler, tick: Callable[[], None], is_under_way: Callable[[], bool]
    ) -> None:
        self.shared = shared
        self.scheduler = scheduler
        self.tick = tick
        self.is_under_way = is_under_way

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        given = json.loads(environ["wsgi.input"].read(size) or b"{}")
        name = environ["PATH_INFO"].removeprefix("/world/")
        try:
            status, answer = "200 OK", self._do(name, given)
        except Exception as error:
            status, answer = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _do(self, name: str, given: dict[str, Any]) -> Any:
        action = getattr(self, f"do_{name}")
        # Advancing takes the lock by itself, again and again: processes report to the world meanwhile.
        if name == "advance":
            return action(given)
        with self.shared.lock:
            return action(given)

    def do_ready(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"account": self.shared.account, "region": self.shared.region}

    def do_now(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"now": self.shared.clock.now() * 1000}

    def do_configure(self, given: dict[str, Any]) -> dict[str, Any]:
        self.shared.configure(given.get("durations", {}), given.get("settings", {}))
        return {"durations": self.shared.durations, "settings": self.shared.settings}

    def do_advance(self, given: dict[str, Any]) -> dict[str, Any]:
        """From event to event. Between them what takes real time, such as the start of a process, takes none of the
        world's; the world waits for it at most as long as a person would."""
        with self.shared.lock:
            goal = self.shared.clock.now() + float(given["ms"]) / 1000
        patience = time.monotonic() + 10
        more = True
        while more:
            self._rest(patience)
            with self.shared.lock:
                more = self.shared.clock.step(goal)
                self.tick()
        self._rest(patience)
        return self.do_now({})

    def _rest(self, patience: float) -> None:
        while time.monotonic() < patience:
            with self.shared.lock:
                self.tick()
                if not self.is_under_way():
                    return
            time.sleep(0.004)

    def do_services(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return self.scheduler.services()
