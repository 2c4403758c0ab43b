"""What backup and restore refuse before they change anything."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(script: str, *arguments: str, compose: str = "false") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments],
        env={"PATH": os.environ["PATH"], "COMPOSE": compose},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _compose(folder: Path, *services: str) -> str:
    """A command that names `services` as those of the compose files, and can do nothing else."""
    command = folder / "compose"
    named = " ".join(services)
    command.write_text(f'#!/bin/sh\n[ "$*" = "config --services" ] || exit 1\nprintf "%s\\n" {named}\n')
    command.chmod(0o755)
    return str(command)


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_without_a_file_they_say_how_they_are_called(script: str) -> None:
    done = _run(script)
    assert done.returncode == 1
    assert "make " + script.removesuffix(".sh") + " FILE=rollcall.tar" in done.stderr


def test_a_backup_is_never_written_over_another(tmp_path: Path) -> None:
    file = tmp_path / "there.tar"
    file.write_text("an older backup")
    done = _run("backup.sh", str(file))
    assert "is there already" in done.stderr
    assert file.read_text() == "an older backup"


def test_the_minimal_system_is_not_taken_for_the_whole_one(tmp_path: Path) -> None:
    done = _run("backup.sh", str(tmp_path / "new.tar"), compose=_compose(tmp_path, "gateway", "fetcher"))
    assert done.returncode == 1
    assert "minimal system" in done.stderr


def test_a_failed_backup_leaves_no_file(tmp_path: Path) -> None:
    done = _run("backup.sh", str(tmp_path / "new.tar"), compose=_compose(tmp_path, "postgres"))
    assert done.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["compose"]


def test_a_file_that_is_no_whole_backup_is_refused_before_anything_changes(tmp_path: Path) -> None:
    part = tmp_path / "postgres.dump"
    part.write_text("a dump")
    with tarfile.open(tmp_path / "half.tar", "w") as archive:
        archive.add(part, arcname=part.name)
    done = _run("restore.sh", str(tmp_path / "half.tar"), compose=_compose(tmp_path, "postgres"))
    assert done.returncode == 1
    assert "is no whole backup" in done.stderr
