"""A real PostgreSQL server on a free port, with one empty database after the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from bench.ports import free_port


class Postgres:
    """Runs while it is entered; it refuses to run as root, so root hands it to the user postgres.

    With a `password`, its user rollcall must show it; without one, everyone on this machine is let in.
    """

    def __init__(self, password: str | None = None) -> None:
        self._password = password
        # Not under pytest's folder, which only its owner may enter.
        self._temporary = tempfile.TemporaryDirectory(prefix="rollcall-postgres-")
        self._folder = Path(self._temporary.name)
        self._numbers = count(1)
        self.port = free_port()

    @staticmethod
    def binaries() -> Path | None:
        """Where initdb and pg_ctl lie."""
        found = shutil.which("initdb")
        if found:
            return Path(found).resolve().parent
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return versions[-1].parent if versions else None

    def __enter__(self) -> Postgres:
        data = self._folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            for folder in (self._folder, data):
                shutil.chown(folder, "postgres", "postgres")
        login = ["-A", "trust"]
        if self._password is not None:
            file = self._folder / "password"
            file.write_text(self._password, encoding="ascii")
            login = ["-A", "scram-sha-256", "--pwfile", str(file)]
        self._run("initdb", "-D", str(data), "-U", "rollcall", "-E", "UTF8", "--no-sync", *login)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        self._temporary.cleanup()

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"rollcall_{next(self._numbers)}"
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://rollcall@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        binaries = self.binaries()
        assert binaries is not None
        command = [str(binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(
            command, check=True, timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=self._folder
        )
