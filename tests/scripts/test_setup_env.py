"""What stands in the way of an environment is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import setup_env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (4, 0, 0)])
def test_a_python_without_tensorflow_is_refused_by_name(version: tuple[int, int, int]) -> None:
    with pytest.raises(setup_env.CannotSetUp, match=rf"this is {version[0]}\.{version[1]}\."):
        setup_env.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 1)])
def test_a_supported_python_passes(version: tuple[int, int, int]) -> None:
    setup_env.check_python(version)


def test_too_little_disk_says_how_much_is_needed() -> None:
    with pytest.raises(setup_env.CannotSetUp, match=r"needs 3 GB of disk; 0\.5 GB are free"):
        setup_env.check_disk(5e8)


def test_a_failed_installation_gives_the_reason_it_was_given() -> None:
    output = "Collecting something\nERROR: no such host\nNote: a hint"
    with pytest.raises(setup_env.CannotSetUp, match="Packages: ERROR: no such host"):
        setup_env.must((1, output), "Packages")


def test_the_stamp_changes_with_the_locked_files() -> None:
    assert setup_env.digest("run") != setup_env.digest("dev")


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_locked_package_is_pinned_and_hashed_and_no_index_is_named(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert "--index" not in text
    for block in text.replace("\\\n", "").splitlines():
        if block.strip() and not block.startswith("#"):
            assert "==" in block
            assert "--hash=sha256:" in block


def test_the_web_services_are_locked_without_tensorflow_and_pandas() -> None:
    for service in ("gateway", "fetcher"):
        names = {line.split("==")[0] for line in (ROOT / "requirements" / f"{service}.txt").read_text().splitlines()}
        assert not names & {"tensorflow", "tensorflow-cpu", "keras", "pandas"}
