"""A peer that cannot be had is absent, not a crash; a server that never comes up says why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import bench_serving
from bench.bench_serving import BATCHED, BULK, CASES, EMPTY, LITE, OURS, PERSON, Settings
from bench.closed_loop import Load
from bench.peers.contenders import floor
from bench.peers.environment import PeerAbsent, prepared
from bench.peers.process import running

ROWS = np.zeros((1, 2), np.float32)


def test_package_that_does_not_exist_makes_the_peer_absent(tmp_path: Path) -> None:
    with pytest.raises(PeerAbsent):
        prepared("nobody", f"{tmp_path}/no-such-package-1.0-py3-none-any.whl", base=tmp_path)
    assert not (tmp_path / "nobody" / ".requirements").exists()


def test_environment_that_is_ready_is_used_again(tmp_path: Path) -> None:
    home = tmp_path / "peer"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").symlink_to(sys.executable)
    (home / ".requirements").write_text(f"{sys.version.split()[0]}\nsome==1")
    assert prepared("peer", "some==1", base=tmp_path) == home / "bin" / "python"


def test_server_that_ends_at_its_start_shows_its_last_words() -> None:
    command = [sys.executable, "-c", "print('no luck')"]
    with pytest.raises(PeerAbsent, match="no luck"), running(command, lambda: False):
        pass


def test_absent_peer_is_named_and_left_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def absent(*_: Any) -> Iterator[None]:
        raise PeerAbsent("no network")
        yield

    monkeypatch.setitem(bench_serving.PEERS, "absent", absent)
    assert bench_serving._measure_peer("absent", Path("/nowhere"), ROWS, Settings()) == {}
    assert capsys.readouterr().err == "absent is absent: no network\n"


def test_floor_answers() -> None:
    with floor(Path("/nowhere"), ROWS) as server:
        assert server.client("", ROWS, False)()() == b""


def test_goals_are_ratios_within_each_round() -> None:
    def load(p50_s: float, per_second: float) -> Load:
        return Load([p50_s], per_second)

    ours = {
        (EMPTY, PERSON): [load(1, 0), load(2, 0)],
        (OURS, PERSON): [load(1.5, 0), load(3, 0)],
        (LITE, PERSON): [load(1.2, 0), load(2.4, 0)],
        (EMPTY, BULK): [load(1, 1000), load(1, 2000)],
        (OURS, BULK): [load(1, 600), load(1, 1200)],
        (BATCHED, BULK): [load(1, 500), load(1, 1000)],
    }
    figures = bench_serving._goals(ours, {"one": {BULK: load(1, 300)}, "two": {BULK: load(1, 400)}})
    assert {each.figure: round(each.value, 6) for each in figures} == {
        "p50_ratio_to_empty": 1.5,
        "p50_ratio_to_empty_tflite": 1.2,
        "throughput_ratio_to_empty": 0.6,
        "throughput_ratio_to_best_peer": 2.25,
    }
    assert len(bench_serving._goals(ours, {})) == 3


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) == 8
