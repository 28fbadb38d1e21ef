"""Where PostgreSQL is, who runs it, and its data directories."""

import os
import subprocess
import threading
from typing import Any

#: As RDS has it: the owner of the server is `rdsadmin`, whom nobody else can be; the master user is no superuser.
ADMIN = "rdsadmin"
HBA = f"host all {ADMIN} 127.0.0.0/8 trust\nhost all all 127.0.0.0/8 scram-sha-256\n"


class Programs:
    """Where PostgreSQL is and who runs it; `template` is a data directory as initdb leaves it, made once per world."""

    def __init__(self, given: dict[str, Any], directory: str) -> None:
        self.postgres, self.initdb = given["postgres"], given["initdb"]
        self.user = (
            {} if given.get("uid") is None else {"user": given["uid"], "group": given["gid"], "extra_groups": []}
        )
        self.home = os.path.join(directory, "databases")
        os.makedirs(self.home, exist_ok=True)
        os.chmod(directory, 0o711)
        os.chmod(self.home, 0o711)
        if self.user:
            os.chown(self.home, given["uid"], given["gid"])
        self._template: str | None = None
        self._making = threading.Lock()

    def run(self, words: list[str]) -> None:
        done = subprocess.run(words, cwd=self.home, capture_output=True, text=True, **self.user)
        # cp says 1 when a file vanished meanwhile, which PostgreSQL expects of a copy of a running server.
        if done.returncode != 0 and not (words[0] == "cp" and done.returncode == 1):
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr}")

    def template(self) -> str:
        with self._making:
            if self._template is None:
                path = os.path.join(self.home, "template")
                words = ["-D", path, "-U", ADMIN, "--auth=trust", "-E", "UTF8", "--locale=C"]
                self.run([self.initdb, *words, "--no-sync", "--no-instructions", "--wal-segsize=1"])
                self._write(os.path.join(path, "pg_hba.conf"), HBA)
                self._template = path
            return self._template

    def _write(self, path: str, text: str) -> None:
        with open(path, "w", encoding="utf8") as file:
            file.write(text)

    def append(self, path: str, text: str) -> None:
        new = not os.path.exists(path)
        with open(path, "a", encoding="utf8") as file:
            file.write(text)
        if new and self.user:
            os.chown(path, self.user["user"], self.user["group"])

    def copy(self, source: str, name: str) -> str:
        path = os.path.join(self.home, name)
        self.run(["cp", "-a", source, path])
        return path
