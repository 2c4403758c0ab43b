"""The documented commands of backup and restore, on a real PostgreSQL that gateways go on writing to."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from gateway.database import open_database
from gateway.migrations.upgrade import upgrade
from tests.gateway.conftest import postgres  # noqa: F401 - pytest finds the fixture by its name here.
from tests.gateway.postgres import Postgres
from tests.k8s.manifests import ROOT

DOCUMENTATION = ROOT / "docs" / "kubernetes.md"
COMMAND = re.compile(r"^kubectl -n rollcall exec(?: -i)? postgres-0 -- ((\w+) .+) [<>] rollcall\.dump$", re.MULTILINE)


def documented(program: str, url: sa.URL) -> list[str]:
    """The command of the page for `program`, for the server of this test in place of the pod's own."""
    (command,) = (found[1] for found in COMMAND.finditer(DOCUMENTATION.read_text("utf-8")) if found[2] == program)
    folder = Postgres.binaries()
    assert folder is not None
    words = [re.sub(r"^(--dbname=)?rollcall$", rf"\g<1>{url.database}", word) for word in shlex.split(command)[1:]]
    return [str(folder / program), "--host=127.0.0.1", f"--port={url.port}", *words]


@contextmanager
def spending(engine: sa.Engine) -> Iterator[None]:
    """A gateway that counts dollars without a pause, whatever the database says."""
    ended = threading.Event()

    def spend() -> None:
        while not ended.is_set():
            try:
                with engine.begin() as connection:
                    connection.execute(sa.text("INSERT INTO spending VALUES ('local', '2026-01-31', 1)"))
            except sa.exc.SQLAlchemyError:
                continue

    thread = threading.Thread(target=spend)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_backup_is_restored_whole_while_gateways_write(postgres: Postgres, tmp_path: Path) -> None:  # noqa: F811
    url = sa.make_url(postgres.database())
    engine = open_database(url.render_as_string(hide_password=False))
    upgrade(engine)
    tables = sa.inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO spending VALUES ('local', '2026-01-31', 7)"))
    dump = tmp_path / "rollcall.dump"
    with dump.open("wb") as file:
        subprocess.run(documented("pg_dump", url), stdout=file, check=True, timeout=60)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM spending"))
    with spending(engine), dump.open("rb") as file:
        done = subprocess.run(
            documented("pg_restore", url), stdin=file, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 0, done.stderr
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT micro_usd FROM spending")).scalars().all() == [7]
    inspector = sa.inspect(engine)
    assert sorted(inspector.get_table_names()) == sorted(tables)
    assert all(inspector.get_pk_constraint(table)["constrained_columns"] for table in tables)
    engine.dispose()
