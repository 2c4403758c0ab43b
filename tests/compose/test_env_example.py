""".env.example names every variable that compose and the services take, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config import SECRETS, VARIABLES, Config, ConfigError

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILES = sorted(ROOT.glob("docker-compose*.yml"), key=lambda path: path.name)
_OF_COMPOSE_ITSELF = {"COMPOSE_FILE"}
_NAME = r"[A-Z][A-Z0-9_]+"


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = [found for line in lines if (found := re.fullmatch(rf"# ({_NAME})=(.*)", line))]
    names = [found[1] for found in settings]
    assert len(names) == len(set(names)), "a variable stands twice"
    return {found[1]: found[2] for found in settings}


def _taken_by(path: Path) -> dict[str, str]:
    """Variable -> default of every ${NAME:-default} in a compose file."""
    return dict(re.findall(rf"\$\{{({_NAME})(?::-([^}}]*))?\}}", path.read_text()))


def _documented() -> set[str]:
    rows = [line for line in (ROOT / "docs/configuration.md").read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(rf"`({_NAME})`", row.split("|")[1])}


def test_as_it_is_the_example_changes_nothing() -> None:
    assert all(not line or line.startswith("#") for line in (ROOT / ".env.example").read_text().splitlines())


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_every_variable_of_compose_stands_in_it(path: Path) -> None:
    assert _taken_by(path).keys() <= _example().keys()


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_it_shows_the_defaults_that_compose_has(path: Path) -> None:
    example = _example()
    assert {name: example[name] for name, default in _taken_by(path).items() if default} == {
        name: default for name, default in _taken_by(path).items() if default
    }


def test_it_names_what_the_documentation_names_and_what_compose_takes() -> None:
    taken = {name for path in COMPOSE_FILES for name in _taken_by(path)}
    assert _example().keys() == _documented() | taken | _OF_COMPOSE_ITSELF


@pytest.mark.parametrize("path", ["gateway/config.py", "fetcher/config.py", "serving/config.py"])
def test_every_variable_that_the_code_reads_stands_in_it(path: str) -> None:
    read = set(re.findall(r'(?:\.get|read\.\w+)\(\s*"([A-Z][A-Z0-9_]+)"', (ROOT / path).read_text()))
    if path == "gateway/config.py":
        read |= VARIABLES.keys() | {f"{name}_FILE" for name in SECRETS}
    assert len(read) >= 5
    assert read <= _example().keys()


def test_the_gateway_takes_every_value_that_it_shows() -> None:
    shown = {name: value for name, value in _example().items() if name in VARIABLES}
    try:
        Config.from_environ(shown)
    except ConfigError as error:
        pytest.fail(str(error))
