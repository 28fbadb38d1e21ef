"""A PostgreSQL server of its own for each RDS instance: its data, its address, copies of it."""

import os
import shutil
import subprocess
import time
from datetime import datetime, timezone
from typing import Any

import pg8000.native

#: As RDS has it: the owner of the server is `rdsadmin`, whom nobody else can be; the master user is no superuser.
ADMIN = "rdsadmin"
HBA = f"host all {ADMIN} 127.0.0.0/8 trust\nhost all all 127.0.0.0/8 scram-sha-256\nhost replication all 127.0.0.0/8 scram-sha-256\n"


class Programs:
    """Where PostgreSQL is and who runs it; `template` is a data directory as initdb leaves it, made once per world."""

    def __init__(self, given: dict[str, Any], directory: str) -> None:
        self.postgres, self.initdb = given["postgres"], given["initdb"]
        self.user = {} if given.get("uid") is None else {"user": given["uid"], "group": given["gid"], "extra_groups": []}
        self.home = os.path.join(directory, "databases")
        os.makedirs(self.home, exist_ok=True)
        os.chmod(directory, 0o711)
        os.chmod(self.home, 0o711)
        if self.user:
            os.chown(self.home, given["uid"], given["gid"])
        self._template: str | None = None

    def run(self, words: list[str]) -> None:
        done = subprocess.run(words, cwd=self.home, capture_output=True, text=True, **self.user)
        # cp says 1 when a file vanished meanwhile, which PostgreSQL expects of a copy of a running server.
        if done.returncode != 0 and not (words[0] == "cp" and done.returncode == 1):
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr}")

    def template(self) -> str:
        if self._template is None:
            path = os.path.join(self.home, "template")
            self.run([self.initdb, "-D", path, "-U", ADMIN, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync",
                      "--wal-segsize=1"])
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


class Cluster:
    def __init__(self, programs: Programs, name: str, data: str) -> None:
        self.programs = programs
        self.name = name
        self.data = data
        #: Copy of the data as it was first, from where a point in time is reached by replaying what was written since.
        self.base: str | None = None
        self.born = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ("127.0.0.1", 0)
        self._copies = 0

    def start(self, address: str, port: int) -> None:
        self._address = (address, port)
        settings = [
            f"listen_addresses={address}", f"port={port}", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB",
            "max_connections=60", "wal_keep_size=512MB", "min_wal_size=2MB", "max_wal_size=64MB", "log_connections=on",
            "log_line_prefix=%m [%p] %a|%u|%d ", "max_prepared_transactions=4", "max_wal_senders=2",
        ]
        words = [self.programs.postgres, "-D", self.data, *[word for one in settings for word in ("-c", one)]]
        with open(os.path.join(self.programs.home, f"{self.name}.log"), "ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                             cwd=self.programs.home, **self.programs.user)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                # Recovery of a copy ends before a point in time is reached only after it has been promoted.
                if self.sql("select pg_is_in_recovery()") == [[False]]:
                    return
            except (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError):
                pass
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.programs.home, f"{self.name}.log"), encoding="utf8") as log:
                    raise RuntimeError(f"PostgreSQL did not start: {log.read()[-2000:]}")
            time.sleep(0.01)

    def connect(self, database: str = "postgres") -> pg8000.native.Connection:
        host, port = self._address
        return pg8000.native.Connection(ADMIN, host=host, port=port, database=database, timeout=30)

    def sql(self, text: str, database: str = "postgres") -> list[list[Any]]:
        connection = self.connect(database)
        try:
            return connection.run(text) or []
        finally:
            connection.close()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Cuts every connection and ends, as a reboot does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(subprocess.signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def prepare(self, master: str, password: str, database: str | None) -> None:
        """What RDS sets up in a new instance. Source: RDS user guide, "Understanding the rds_superuser role"."""
        run = self.sql
        run("create role rds_superuser nologin")
        run("grant pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_settings to rds_superuser with admin option")
        run(f"create role {quoted(master)} login createdb createrole password {literal(password)}")
        run(f"grant rds_superuser to {quoted(master)}")
        if database:
            run(f"create database {quoted(database)} owner {quoted(master)}")

    def set_password(self, role: str, password: str) -> None:
        self.sql(f"alter role {quoted(role)} password {literal(password)}")

    def keep_base(self) -> None:
        self.base = self.copy(f"{self.name}-base")
        self.born = time.time()

    def copy(self, name: str) -> str:
        """A copy of the data at this instant, by PostgreSQL's low-level backup; a stopped server is simply copied."""
        if not self.is_running():
            return self.programs.copy(self.data, name)
        connection = self.connect()
        try:
            connection.run("select pg_backup_start('copy', true)")
            path = self.programs.copy(self.data, name)
            [[label]] = connection.run("select labelfile from pg_backup_stop(false)") or [[""]]
        finally:
            connection.close()
        self._take_wal(path)
        for file in ("postmaster.pid", "postmaster.opts"):
            if os.path.exists(os.path.join(path, file)):
                os.remove(os.path.join(path, file))
        self.programs.append(os.path.join(path, "backup_label"), label)
        return path

    def _take_wal(self, path: str) -> None:
        shutil.rmtree(os.path.join(path, "pg_wal"))
        self.programs.copy(os.path.join(self.data, "pg_wal"), os.path.join(os.path.basename(path), "pg_wal"))

    def copy_at(self, moment: float | None, name: str) -> str:
        """The data as it was at a moment of the machine's time, None for now; PostgreSQL itself replays up to there."""
        if self.base is None:
            raise RuntimeError("there is no base to start from")
        if self.is_running():
            # A commit after every moment that can be asked for: recovery ends only when it sees one.
            self.sql("select pg_logical_emit_message(true, 'savepoint', '')")
            self.sql("select pg_switch_wal()")
        path = self.programs.copy(self.base, name)
        self._take_wal(path)
        settings = "restore_command = 'false'\nrecovery_target_action = 'promote'\n"
        if moment is not None:
            stamp = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f+00")
            settings += f"recovery_target_time = '{stamp}'\n"
        # Written anew: the source may itself be a restored one with a moment of its own.
        with open(os.path.join(path, "postgresql.auto.conf"), "w", encoding="utf8") as file:
            file.write(settings)
        self.programs.append(os.path.join(path, "recovery.signal"), "")
        return path

    def forget(self) -> None:
        self.stop()
        for path in (self.data, self.base):
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
