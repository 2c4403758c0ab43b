"""A SQLite file that was replaced while it is open.

An open connection goes on with the old file, whatever its name now stands for: what it writes is gone with the process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError


def stay_with_the_name(engine: Engine, path: Path) -> None:
    """Have connections of `engine` whose file no longer stands at `path` give way to new ones."""

    @event.listens_for(engine, "connect")
    def opened(_connection: Any, record: Any) -> None:
        record.info["file"] = _file(path)

    @event.listens_for(engine, "checkout")
    def taken(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get("file") != _file(path):
            raise DisconnectionError("Another file stands in the database's place.")


def _file(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
