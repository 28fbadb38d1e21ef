"""A PostgreSQL server of its own for each RDS instance: its data, its address, copies of it."""

import os
import shutil
import signal
import subprocess
import threading
import time
from datetime import datetime, timezone
from typing import Any, Callable

import pg8000.native

from programs import ADMIN, Programs

#: Makes a copy to start from at a path and answers the base of that copy: the data as it was at first, which nobody
#: changes; what a server has written since leads from there to any later moment.
Source = Callable[[str], str]


class Cluster:
    def __init__(self, programs: Programs, name: str, source: Source) -> None:
        self.programs = programs
        self.name = name
        self.data = os.path.join(programs.home, name)
        self.base = ""
        #: The machine's time at which the instance became available.
        self.born = 0.0
        self.problem: Exception | None = None
        self._copied = threading.Event()
        # Copies take their time, and the world goes on meanwhile.
        threading.Thread(target=self._fill, args=(source,), daemon=True).start()
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ("127.0.0.1", 0)

    def _fill(self, source: Source) -> None:
        try:
            self.base = source(self.name)
        except Exception as error:
            self.problem = error
        self._copied.set()

    def has_data(self) -> bool:
        """Raises what made the copy fail."""
        if self.problem is not None:
            raise self.problem
        return self._copied.is_set()

    def start(self, address: str, port: int) -> None:
        """Begins to start; `is_up` says when it is done."""
        self._address = (address, port)
        settings = {
            "listen_addresses": address,
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            "wal_keep_size": "512MB",
            "min_wal_size": "2MB",
            "max_wal_size": "64MB",
            "max_prepared_transactions": 4,
            "log_connections": "on",
            "log_line_prefix": "%m [%p] %a|%u|%d ",
        }
        given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        words = [self.programs.postgres, "-D", self.data, *given]
        with open(self._log_file(), "ab") as log:
            self._process = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.programs.home, **self.programs.user
            )

    def _log_file(self) -> str:
        return os.path.join(self.programs.home, f"{self.name}.log")

    def is_up(self) -> bool:
        """Raises when it has ended. A copy that replays up to a moment is up once it has been promoted."""
        try:
            return self.sql("select pg_is_in_recovery()") == [[False]]
        except (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError):
            if self._process is None or self._process.poll() is not None:
                with open(self._log_file(), encoding="utf8") as log:
                    raise RuntimeError(f"PostgreSQL did not start: {log.read()[-2000:]}") from None
            return False

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
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def quit(self) -> "subprocess.Popen[bytes] | None":
        """Ends without a last checkpoint, for a world that is over; who waits for it does so for all of them at
        once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
        return self._process

    def prepare(self, master: str, password: str, database: str | None) -> None:
        """What RDS sets up in a new instance. Source: RDS user guide, "Understanding the rds_superuser role"."""
        connection = self.connect()
        try:
            connection.run("create role rds_superuser nologin")
            granted = "pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_settings"
            connection.run(f"grant {granted} to rds_superuser with admin option")
            connection.run(f"create role {quoted(master)} login createdb createrole password {literal(password)}")
            connection.run(f"grant rds_superuser to {quoted(master)}")
            if database:
                connection.run(f"create database {quoted(database)} owner {quoted(master)} strategy file_copy")
        finally:
            connection.close()

    def set_password(self, role: str, password: str) -> None:
        self.sql(f"alter role {quoted(role)} password {literal(password)}")

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

    def at(self, moment: float | None) -> Source:
        """The data as it was at a moment of the machine's time, None for now; PostgreSQL itself replays up to there."""
        if self.is_running():
            # A commit after every moment that can be asked for: recovery ends only when it sees one.
            self.sql("select pg_logical_emit_message(true, 'savepoint', '')")
            self.sql("select pg_switch_wal()")
        written = self.programs.copy(os.path.join(self.data, "pg_wal"), f"wal-{time.monotonic_ns()}")

        def replayed(name: str) -> str:
            path = self.programs.copy(self.base, name)
            shutil.rmtree(os.path.join(path, "pg_wal"))
            self.programs.run(["mv", written, os.path.join(path, "pg_wal")])
            settings = "restore_command = 'false'\nrecovery_target_action = 'promote'\n"
            if moment is not None:
                stamp = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f+00")
                settings += f"recovery_target_time = '{stamp}'\n"
            # Written anew: the source may itself be a restored one with a moment of its own.
            with open(os.path.join(path, "postgresql.auto.conf"), "w", encoding="utf8") as file:
                file.write(settings)
            self.programs.append(os.path.join(path, "recovery.signal"), "")
            return self.base

        return replayed

    def forget(self) -> None:
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
