from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gateway.access import key_file
from gateway.access.caller import Role
from gateway.access.key_file import KeyFile, load_keys, save_keys
from gateway.access.keys import InvalidKeys, Key
from tests.gateway.fakes import Clock

ADA, BERT = (Key(name, Role.VIEWER, digit * 64) for name, digit in (("ada", "0"), ("bert", "1")))


def test_a_change_is_taken_up_after_a_second(tmp_path: Path) -> None:
    path, clock = tmp_path / "keys.toml", Clock()
    save_keys(path, [ADA])
    keys = KeyFile(path, clock=clock)
    save_keys(path, [ADA, BERT])
    assert keys.keys() == (ADA,)
    clock.seconds = 1.0
    assert keys.keys() == (ADA, BERT)


@pytest.mark.parametrize("broken", ["keys = [", None, "\xff"])
def test_a_broken_file_leaves_the_keys_and_is_tried_again(tmp_path: Path, broken: str | None) -> None:
    path, clock = tmp_path / "keys.toml", Clock()
    save_keys(path, [ADA])
    keys = KeyFile(path, clock=clock)
    path.unlink() if broken is None else path.write_bytes(broken.encode("latin-1"))
    clock.seconds = 1.0
    assert keys.keys() == (ADA,)
    save_keys(path, [BERT])
    clock.seconds = 2.0
    assert keys.keys() == (BERT,)


def test_an_empty_file_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text("")
    assert KeyFile(tmp_path / "keys.toml").keys() == ()


def test_without_a_file_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeys, match="it cannot be read: No such file"):
        KeyFile(tmp_path / "keys.toml")


def test_only_the_owner_reads_it_and_no_half_is_left(tmp_path: Path) -> None:
    save_keys(tmp_path / "keys.toml", [ADA])
    assert (tmp_path / "keys.toml").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.toml"]


def test_while_it_is_rotated_every_look_finds_ada(tmp_path: Path) -> None:
    path, clock = tmp_path / "keys.toml", Clock()
    save_keys(path, [ADA])
    keys, seen, done = KeyFile(path, clock=clock), [], threading.Event()

    def look() -> None:
        while not done.is_set():
            clock.seconds += 1
            found = keys.keys()
            seen.append(ADA in found)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(200):
        save_keys(path, [ADA, BERT] if turn % 2 else [ADA])
    done.set()
    for thread in threads:
        thread.join()
    assert seen
    assert all(seen)


def test_who_asks_while_the_file_is_read_gets_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, clock = tmp_path / "keys.toml", Clock()
    save_keys(path, [ADA])
    keys, answers = KeyFile(path, clock=clock), []
    reading, asked = threading.Event(), threading.Event()

    def slowly(file: Path) -> tuple[Key, ...]:
        reading.set()
        asked.wait(10)
        return load_keys(file)

    monkeypatch.setattr(key_file, "load_keys", slowly)
    save_keys(path, [BERT])
    clock.seconds = 1.0
    askers = [threading.Thread(target=lambda: answers.append(keys.keys())) for _ in range(3)]
    askers[0].start()
    assert reading.wait(10)
    for asker in askers[1:]:
        asker.start()
    threading.Timer(0.2, asked.set).start()
    for asker in askers:
        asker.join(10)
    assert answers == [(BERT,)] * 3
