"""Whether a database has the newest form already, as at every start but the first: Alembic need not be loaded then."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError


def newest_form() -> str:
    """The revision of the last change in gateway/migrations/versions, which the names of its files begin with."""
    return max(file.stem.partition("_")[0] for file in (Path(__file__).parent / "versions").glob("[0-9]*.py"))


def is_newest(engine: Engine) -> bool:
    """Whether nothing is to be changed; False also where that cannot be told, of which the upgrade tells the cause."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    except SQLAlchemyError:
        return False
    return list(found) == [newest_form()]
