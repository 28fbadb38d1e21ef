"""One AWS world: moto with a scheduler for ECS, PostgreSQL behind RDS, and what else moto lacks. See ../README.md.

The only argument is JSON: port, region, directory, memory, database {port, initdb, postgres, uid?, gid?}, node,
durations, settings."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

import cdn
import ecs
import images
import quotas
import rds
from balancer import Balancer
from control import Control
from instances import Instances
from scheduler import Scheduler
from shared import Shared


class Quiet(MotoRequestHandler):
    def log_request(self, *_: Any, **__: Any) -> None:
        pass


class World:
    def __init__(self, given: dict[str, Any]) -> None:
        self.shared = Shared(
            region=given["region"],
            account=DEFAULT_ACCOUNT_ID,
            directory=given["directory"],
            memory=given["memory"],
            database=given["database"],
            node=given["node"],
        )
        self.shared.configure(given.get("durations", {}), given.get("settings", {}))
        self.balancer = Balancer(given["node"])
        self.scheduler = Scheduler(self.shared, self.balancer)
        images.install()
        ecs.install(self.scheduler)
        self.instances = Instances(self.shared)
        rds.install(self.instances)
        quotas.install(self.shared)
        cdn.install(self.shared)
        self.control = Control(self.shared, self.scheduler, self.tick, self.is_under_way)
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.over = False
        threading.Thread(target=self._run, daemon=True).start()

    def tick(self) -> None:
        self.shared.clock.run_due()
        self.scheduler.tick()
        self.instances.look()

    def is_under_way(self) -> bool:
        return self.scheduler.is_under_way() or self.instances.is_under_way()

    def _run(self) -> None:
        while not self.over:
            try:
                with self.shared.lock:
                    self.tick()
            except Exception:
                traceback.print_exc()
            time.sleep(0.008)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        # moto's backends are plain dictionaries: one call at a time, and never while the scheduler works.
        if environ.get("PATH_INFO", "").startswith("/world/"):
            return self.control(environ, start_response)
        with self.shared.lock:
            return self.moto(environ, start_response)

    def stop(self) -> None:
        self.over = True
        self.scheduler.stop()
        self.instances.stop()
        self.balancer.stop()


def keeper(directories: list[str]) -> subprocess.Popen[bytes]:
    """Ends everything in our process group as soon as we are gone, however that happened, and leaves no file."""
    script = 'trap "" TERM; read -r line; sleep 0.5; rm -rf "$@"; kill -KILL 0'
    return subprocess.Popen(
        ["sh", "-c", script, "keeper", *directories], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


def main() -> None:
    given = json.loads(sys.argv[1])
    os.makedirs(os.path.join(given["directory"], "images"), exist_ok=True)
    guard = keeper([given["directory"], given["memory"]])  # Its pipe stays open for as long as this name lives.
    # Health checks go to this machine and never to a proxy.
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    world = World(given)
    server = make_server("127.0.0.1", given["port"], world, threaded=True, request_handler=Quiet)

    def end(*_: Any) -> None:
        world.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    server.serve_forever()
    guard.wait()


if __name__ == "__main__":
    main()
