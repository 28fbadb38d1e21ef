"""`/world/…`: what tests ask and tell the world beside AWS's own calls. Everything is JSON."""

import json
from typing import Any, Callable

from scheduler import Scheduler
from shared import Shared


class Control:
    def __init__(self, shared: Shared, scheduler: Scheduler, tick: Callable[[], None]) -> None:
        self.shared = shared
        self.scheduler = scheduler
        self.tick = tick

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        given = json.loads(environ["wsgi.input"].read(size) or b"{}")
        name = environ["PATH_INFO"].removeprefix("/world/")
        action = getattr(self, f"do_{name}", None)
        try:
            status, answer = ("404 Not Found", {"error": name}) if action is None else ("200 OK", action(given))
        except Exception as error:
            status, answer = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def do_ready(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"account": self.shared.account, "region": self.shared.region}

    def do_now(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"now": self.shared.clock.now() * 1000}

    def do_configure(self, given: dict[str, Any]) -> dict[str, Any]:
        self.shared.configure(given.get("durations", {}), given.get("settings", {}))
        return {"durations": self.shared.durations, "settings": self.shared.settings}

    def do_advance(self, given: dict[str, Any]) -> dict[str, Any]:
        self.shared.clock.advance(float(given["ms"]), self.tick)
        return self.do_now({})

    def do_services(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return self.scheduler.services()
