"""`rollcall score` against a gRPC server of TensorFlow Serving's API: formats, shards, and going on after a kill."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas  # noqa: F401 - the command would leave it out for the tests that follow in this process, too.
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.errors import ModelUnavailableError
from gateway.offline.patient_model import first_version
from gateway.prediction import Version
from tests.gateway.fakes import DESCRIPTION
from tests.gateway.model_server import ModelServer

LONG = "not read " * 250
"""Makes a record so long that some thousand fill a chunk."""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    running.stop()


def records(path: Path, count: int, **more: str) -> Path:
    path.write_text(
        "".join(
            json.dumps({"platform": ("x", "instagram")[number % 2], "id": str(number + 1), "followers": number} | more)
            + "\n"
            for number in range(count)
        )
    )
    return path


def score(server: ModelServer, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["score", *map(str, arguments)], env={"MODEL_SERVER": server.target})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_record_gets_a_row_and_bad_ones_a_sentence(server: ModelServer, tmp_path: Path) -> None:
    path = records(tmp_path / "a.jsonl", 3)
    path.write_text(path.read_text() + 'nonsense\n{"platform": "x", "id": "=1+1", "followers": 1}\n{"platform": "x"}\n')
    result = score(server, path, "--out", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert "6 records, 2 of them without an answer" in result.output
    found = rows(tmp_path / "out.csv")
    assert [row["line"] for row in found] == ["1", "2", "3", "4", "5", "6"]
    assert [row["label"] for row in found] == ["regular"] * 3 + ["", "regular", ""]
    assert found[0]["regular"] == "0.4"
    assert found[0]["unsure"] == "true"
    assert found[3]["error"] == "That is no JSON object on one line."
    assert found[4]["id"] == "'=1+1"
    assert found[5]["error"] == "The record holds nothing that the model reads."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "out.csv"]


def test_all_formats_hold_the_same(server: ModelServer, tmp_path: Path) -> None:
    path = records(tmp_path / "a.jsonl", 6000, note=LONG)
    for suffix in ("csv", "jsonl", "parquet"):
        assert score(server, path, "--out", tmp_path / f"o.{suffix}").exit_code == 0
    from_csv = [row["id"] for row in rows(tmp_path / "o.csv")]
    from_lines = [json.loads(line)["id"] for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    table = pyarrow.parquet.read_table(tmp_path / "o.parquet")
    assert from_csv == from_lines == table["id"].to_pylist() == [str(number + 1) for number in range(6000)]
    assert set(table["label"].to_pylist()) == {"regular"}


def test_shards_share_the_records_among_them(server: ModelServer, tmp_path: Path) -> None:
    path = records(tmp_path / "a.jsonl", 6000, note=LONG)
    for index in range(3):
        assert score(server, path, "--out", tmp_path / "o.csv", "--shard", f"{index}/3").exit_code == 0
    parts = [rows(each) for each in sorted(tmp_path.glob("o-*-of-00003.csv"))]
    assert len(parts) == 3
    assert all(len(part) > 1000 for part in parts)
    assert sorted(int(row["line"]) for part in parts for row in part) == list(range(1, 6001))


def test_results_are_not_overwritten_unasked(server: ModelServer, tmp_path: Path) -> None:
    path = records(tmp_path / "a.jsonl", 2)
    (tmp_path / "o.csv").write_text("mine")
    refused = score(server, path, "--out", tmp_path / "o.csv")
    assert (refused.exit_code, "--overwrite" in refused.output) == (2, True)
    assert (tmp_path / "o.csv").read_text() == "mine"
    assert score(server, path, "--out", tmp_path / "o.csv", "--overwrite").exit_code == 0
    assert len(rows(tmp_path / "o.csv")) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jsonl", "--out", "o.csv"], "There is no file missing.jsonl."),
        (["missing.jsonl", "--out", "o.txt"], "--out must end in .csv, .jsonl, .parquet."),
        (["missing.jsonl", "--out", "o.csv", "--shard", "3/3"], "is no shard; write 0/8 to 7/8"),
    ],
)
def test_wrong_arguments_get_a_sentence(server: ModelServer, arguments: list[str], sentence: str) -> None:
    result = score(server, *arguments)
    assert result.exit_code != 0
    assert sentence in result.output


def test_a_model_that_is_away_is_named(tmp_path: Path) -> None:
    path = records(tmp_path / "a.jsonl", 2)
    result = CliRunner().invoke(
        main, ["score", str(path), "--out", str(tmp_path / "o.csv"), "--model-server", "127.0.0.1:1"]
    )
    assert (result.exit_code, "The model server cannot be reached." in result.output) == (1, True)


def test_a_model_that_comes_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    slept: list[float] = []
    version = Version(1, DESCRIPTION)

    def ask() -> Version:
        if len(slept) < 3:
            raise ModelUnavailableError("away")
        return version

    def clock() -> float:
        return sum(slept)

    with pytest.raises(ModelUnavailableError):
        first_version(ask, 1.0, now=clock, sleep=slept.append)
    assert sum(slept) == 1.0
    assert first_version(ask, 60, now=clock, sleep=slept.append) is version
    path = records(tmp_path / "a.jsonl", 2)
    result = CliRunner().invoke(
        main, ["score", str(path), "--out", str(tmp_path / "o.csv"), "--model-server", "127.0.0.1:1", "--wait", "0.6"]
    )
    assert (result.exit_code, "The model server cannot be reached." in result.output) == (1, True)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_killed_run_goes_on_behind_its_last_whole_chunk(server: ModelServer, tmp_path: Path, suffix: str) -> None:
    path, out = records(tmp_path / "a.jsonl", 8000, note=LONG), tmp_path / f"o.{suffix}"
    command = [
        sys.executable,
        "-c",
        "from gateway.cli import main; main()",
        "score",
        str(path),
        "--out",
        str(out),
        "--model-server",
        server.target,
    ]
    progress = out.with_name(out.name + ".progress")
    server.slow[1] = lambda: time.sleep(0.05)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while time.monotonic() < end and not (progress.exists() and json.loads(progress.read_text())["chunks"] >= 2):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    done = json.loads(progress.read_text())["records"]
    assert 0 < done < 8000
    asked = len(server.requests)
    server.slow.clear()
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True, timeout=100)
    assert "Going on with what was begun." in finished.stderr
    rows_asked = sum(
        request.inputs["features"].tensor_shape.dim[0].size
        for request in server.requests[asked:]
        if request.model_spec.signature_name == "serving_default"
    )
    assert rows_asked <= 8000 - done
    lines = (
        [int(row["line"]) for row in rows(out)]
        if suffix == "csv"
        else pyarrow.parquet.read_table(out)["line"].to_pylist()
    )
    assert lines == list(range(1, 8001))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", out.name]
