"""Applies the changes in gateway/migrations/versions to a database. Alembic is loaded by whoever calls this only."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import reason_of
from gateway.errors import DatabaseUnavailableError

_LOCK = 727_401_001
"""Any number that no other program locks in this database."""


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest form; several processes may try at once. Raises DatabaseUnavailableError."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseUnavailableError(f"The database cannot be opened: {reason_of(error)}.") from error
