from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from gateway.access.key_file import load_keys
from gateway.access.keys import find_secret
from gateway.cli import main


def run(path: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["keys", *arguments, "--file", str(path)])
    return done.exit_code, done.stdout, done.stderr


def test_a_new_key_is_printed_once_and_kept_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    status, secret, note = run(path, "new", "ada", "--per-minute", "30", "--usd-per-day", "0.5")
    assert (status, secret.count("\n")) == (0, 1)
    found = find_secret(load_keys(path), secret.strip())
    assert found is not None
    assert (found.name, found.role, found.per_minute, found.usd_per_day) == ("ada", "viewer", 30, 0.5)
    assert secret.strip() not in path.read_text() + note


def test_a_key_is_changed_over_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    old, new = (run(path, "new", "ada", "--role", "operator")[1].strip() for _ in range(2))
    digests = [line.split()[-1] for line in run(path, "list")[1].splitlines()]
    assert run(path, "remove", "ada", "--digest", digests[0])[0] == 0
    assert find_secret(load_keys(path), old) is None
    assert find_secret(load_keys(path), new) is not None


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert "is not 'local'" in run(path, "new", "local")[2]
    run(path, "new", "ada")
    assert "another role or other limits" in run(path, "new", "ada", "--role", "operator")[2]
    assert run(path, "remove", "bert")[0] == 1
    path.write_text("nonsense")
    assert "cannot be used: it is no TOML" in run(path, "list")[2]
