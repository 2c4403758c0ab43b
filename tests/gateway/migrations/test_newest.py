from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config as Settings
from alembic.script import ScriptDirectory

from gateway import migrations
from gateway.database import open_database
from gateway.migrations.newest import is_newest, newest_form
from gateway.migrations.upgrade import upgrade

ROOT = Path(__file__).resolve().parents[3]


def test_the_newest_form_is_alembics_head() -> None:
    settings = Settings()
    settings.set_main_option("script_location", str(Path(migrations.__file__).parent))
    settings.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(settings).get_heads() == [newest_form()]


def test_a_database_is_newest_once_it_was_upgraded(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    assert not is_newest(engine)
    upgrade(engine)
    assert is_newest(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert not is_newest(engine)
    engine.dispose()


def loaded_by_a_start(state: Path) -> str:
    """The names of the modules that `python -m gateway.migrations` loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gateway.migrations"],
        cwd=ROOT,
        env=os.environ | {"STATE_DIR": str(state), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stderr


def test_alembic_is_loaded_by_the_first_start_only(tmp_path: Path) -> None:
    first, second = loaded_by_a_start(tmp_path), loaded_by_a_start(tmp_path)
    assert "alembic" in first
    assert "alembic" not in second
    assert "flask" not in first + second
