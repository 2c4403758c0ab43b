"""`rollcall score` on a million invented records, beside the plain way and beside only parsing the file.

    python -m bench.bench_bulk [--quick]

runs it alone; --quick scores 40,000 records. The model server runs on the same cores; the command's time counts from
its start to its end. It was run once before, as on a machine where it is in use, so its modules are compiled.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.invented_records import write_records
from bench.peers.calls import grpc_client, works
from bench.peers.contenders import PREDICT_METHOD, predict_request
from bench.peers.process import free_port, running
from bench.report import Figure, publish
from contracts.features import F
from contracts.model import PREDICT, STABLE
from serving.config import Config
from serving.launch import server_flags
from serving.seed import seed
from serving.store import Store

ROOT = Path(__file__).parents[1]
_MEGABYTE = 1024.0
_FEW = 1_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What is compared runs in turn, `rounds` times, and medians count; the plain way is tried on `plain_rows`."""

    records: int = 1_000_000
    rounds: int = 3
    plain_rows: int = 20_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command: seconds from start to end, and the largest resident set of its process in MiB."""

    seconds: float
    peak_mb: float


def measure(settings: Settings | None = None) -> list[Figure]:
    """Everything of one run."""
    settings = settings or Settings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_records(folder / "records.jsonl", settings.records)
        parsed, runs = [], []
        with _model_server(folder / "models") as address:
            _score(write_records(folder / "few.jsonl", _FEW), folder / "results.csv", address)
            for _ in range(settings.rounds):
                parsed.append(settings.records / _parse(path))
                runs.append(_score(path, folder / "results.csv", address))
            _check(folder / "results.csv", settings.records)
        plain = float(_output("-m", "bench.plain.scoring", str(path), str(settings.plain_rows)))
    rate = statistics.median(settings.records / run.seconds for run in runs)
    parsing = statistics.median(parsed)
    return [
        Figure("ratio_to_plain", rate / plain, "", ">= 25"),
        Figure("share_of_parse_only", rate / parsing, "", ">= 0.4"),
        Figure("peak_rss_mb", max(run.peak_mb for run in runs), "MB", "<= 600"),
        Figure("records_per_s", rate, "records/s", peers={"plain": plain, "parse only": parsing}),
    ]


def _parse(path: Path) -> float:
    return float(_output("-m", "bench.parse_only", str(path)))


def _score(path: Path, results: Path, address: str) -> Run:
    results.unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("rollcall")), "score", str(path), "--out", str(results)]
    began = time.perf_counter()
    # A container may forbid Python to keep what it compiled; the machines where people score files do not.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen([*command, "--model-server", address], env=kept, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"rollcall score ended with {process.returncode}.")
    kilobytes = usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss / _MEGABYTE
    return Run(time.perf_counter() - began, kilobytes / _MEGABYTE)


def _check(results: Path, records: int) -> None:
    with results.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    if rows != records:
        raise AssertionError(f"There are {rows} results of {records} records.")


@contextmanager
def _model_server(folder: Path) -> Iterator[str]:
    """The address of the local model server with the shipped versions, as `make run` starts it, with LiteRT."""
    config = Config.from_environ({"MODEL_STORE": str(folder)})
    list(seed(Store(config.store), config.shipped, datetime.now(UTC)))
    port = free_port()
    flags = server_flags(config, port=port, rest_port=0)
    command = [sys.executable, "-m", "serving.local_server", *flags, "--prefer_tflite_model=true"]
    address = f"127.0.0.1:{port}"
    version = Store(config.store).served()
    if version is None:
        raise AssertionError("Nothing is served.")
    one_row = np.zeros((1, F), np.float32)
    request = predict_request(PREDICT, one_row, version.labels[STABLE])
    client = grpc_client(address, PREDICT_METHOD, request)
    with running([*command, "--bind_address=127.0.0.1"], lambda: works(client), cwd=ROOT):
        yield address


def _output(*arguments: str) -> str:
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return done.stdout.splitlines()[-1]


def main(arguments: Sequence[str]) -> None:
    """Measure by the arguments and publish, --quick runs only to the screen."""
    if "--quick" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            publish("bulk", measure(Settings(40_000, 1, 4_000)), Path(folder))
    else:
        print(f"Written to {publish('bulk', measure())}")


if __name__ == "__main__":
    main(sys.argv[1:])
