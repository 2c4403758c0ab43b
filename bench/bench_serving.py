"""The local model server beside an empty gRPC call and beside packaged model servers on the same SavedModel.

    python -m bench.bench_serving [--quick] [--without-peers]

runs it alone; --quick takes a fraction of a second for each figure, to see that it works.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.closed_loop import Load, run_load
from bench.peers.contenders import PEERS, Contender, Rows, floor, local_server
from bench.peers.environment import PeerAbsent
from bench.report import Figure, publish
from contracts.model import EXPLAIN, MODEL_NAME, PREDICT
from serving.config import SHIPPED
from serving.store import Store

ROOT = Path(__file__).parents[1]
EMPTY, OURS, BATCHED, LITE = "empty", "rollcall", "rollcall-batching", "rollcall-tflite"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request by so many clients at once."""

    signature: str
    rows: int
    clients: int

    @property
    def name(self) -> str:
        """As the figures are called."""
        return f"{self.signature}_{self.rows}x{self.clients}"


PERSON, BULK = Case(PREDICT, 1, 1), Case(PREDICT, 1, 8)
"""What the goals are about."""

CASES = [Case(signature, rows, clients) for signature in (PREDICT, EXPLAIN) for rows in (1, 1024) for clients in (1, 8)]
_TOO_LONG_FOR_PEERS = {Case(EXPLAIN, 1024, 1), Case(EXPLAIN, 1024, 8)}


@dataclass(frozen=True, slots=True)
class Settings:
    """`seconds` for each load. The loads that the goals compare run in turn, `rounds` times, and medians count."""

    seconds: float = 3.0
    rounds: int = 5
    peers: tuple[str, ...] = tuple(PEERS)


def measure(settings: Settings | None = None) -> list[Figure]:
    """Everything of one run; a peer that cannot be had is named on standard error and left out."""
    settings = settings or Settings()
    with tempfile.TemporaryDirectory() as folder:
        version = _with_lite_model(Path(folder))
        rows = _rows(version)
        ours, others = _measure_ours(version, rows, settings)
        peers = {name: loads for name in settings.peers if (loads := _measure_peer(name, version, rows, settings))}
    return [*_goals(ours, peers), *_details(others | {case: _middle(ours, case) for case in (PERSON, BULK)}, peers)]


def _measure_ours(
    version: Path, rows: Rows, settings: Settings
) -> tuple[dict[tuple[str, Case], list[Load]], dict[Case, dict[str, Load]]]:
    """The compared loads, in turn; and all other cases once."""
    compared: dict[tuple[str, Case], list[Load]] = {}
    once: dict[Case, dict[str, Load]] = {}
    starts = {
        EMPTY: floor,
        OURS: local_server(),
        BATCHED: local_server("--enable_batching=true"),
        LITE: local_server("--prefer_tflite_model=true"),
    }
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start(version, rows[:1])) for name, start in starts.items()}
        for _ in range(settings.rounds):
            for case in (PERSON, BULK):
                for name, server in servers.items():
                    compared.setdefault((name, case), []).append(_load(server, case, rows, settings.seconds))
        for case in CASES:
            if case not in (PERSON, BULK):
                names = (OURS, LITE) if case.signature == PREDICT else (OURS,)
                once[case] = {name: _load(servers[name], case, rows, settings.seconds) for name in names}
    return compared, once


def _measure_peer(name: str, version: Path, rows: Rows, settings: Settings) -> dict[Case, Load]:
    """A peer's loads, the better of plain and batched; empty when it cannot be had."""
    loads = {}
    try:
        with PEERS[name](version, rows[:1]) as server:
            for case in CASES:
                if case not in _TOO_LONG_FOR_PEERS:
                    tries = [_load(server, case, rows, settings.seconds)]
                    if server.gathers and case.clients > 1 and case.signature == PREDICT:
                        tries.append(_load(server, case, rows, settings.seconds, gather=True))
                    loads[case] = max(tries, key=lambda load: load.per_second)
    except Exception as failure:  # noqa: BLE001 - whatever is the matter with a peer, our own figures must come out.
        kind = "absent" if isinstance(failure, PeerAbsent) else "failed"
        print(f"{name} is {kind}: {failure}", file=sys.stderr)
        return {}
    return loads


def _load(server: Contender, case: Case, rows: Rows, seconds: float, *, gather: bool = False) -> Load:
    return run_load(
        server.client(case.signature, np.resize(rows, (case.rows, rows.shape[1])), gather), case.clients, seconds
    )


def _goals(ours: dict[tuple[str, Case], list[Load]], peers: dict[str, dict[Case, Load]]) -> list[Figure]:
    def p50_ratio(name: str) -> float:
        pairs = zip(ours[name, PERSON], ours[EMPTY, PERSON], strict=True)
        return statistics.median(one.percentile_ms(50) / empty.percentile_ms(50) for one, empty in pairs)

    def throughput_ratio(name: str) -> float:
        pairs = zip(ours[name, BULK], ours[EMPTY, BULK], strict=True)
        return statistics.median(one.per_second / empty.per_second for one, empty in pairs)

    # The better of plain and batched counts, as for the peers.
    best = max((OURS, BATCHED), key=throughput_ratio)
    figures = [
        Figure("p50_ratio_to_empty", p50_ratio(OURS), "", "<= 2.0"),
        Figure("p50_ratio_to_empty_tflite", p50_ratio(LITE), "", "<= 1.3"),
        Figure("throughput_ratio_to_empty", throughput_ratio(best), "", ">= 0.5"),
    ]
    rates = {name: loads[BULK].per_second for name, loads in peers.items()}
    if rates:
        own = statistics.median(load.per_second for load in ours[best, BULK])
        figures.append(Figure("throughput_ratio_to_best_peer", own / max(rates.values()), "", ">= 1.8", rates))
    return figures


def _details(ours: dict[Case, dict[str, Load]], peers: dict[str, dict[Case, Load]]) -> list[Figure]:
    figures = []
    for case in CASES:
        loads = ours[case] | {name: found[case] for name, found in peers.items() if case in found}
        others = [name for name in loads if name != OURS]
        for percent in (50, 99):
            values = {name: loads[name].percentile_ms(percent) for name in loads}
            beside = {name: values[name] for name in others}
            figures.append(Figure(f"{case.name}_p{percent}", values[OURS], "ms", peers=beside))
        rates = {name: loads[name].per_second for name in others}
        figures.append(Figure(f"{case.name}_throughput", loads[OURS].per_second, "requests/s", peers=rates))
    return figures


def _middle(ours: dict[tuple[str, Case], list[Load]], case: Case) -> dict[str, Load]:
    """Of each server's rounds the one of middling throughput."""
    return {
        name: sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]
        for (name, each), loads in ours.items()
        if each == case
    }


def _with_lite_model(folder: Path) -> Path:
    """A copy of the shipped version; a model.tflite is added where it was trained before there was one."""
    shipped = Store(SHIPPED)
    number = shipped.versions()[-1]
    version = folder / MODEL_NAME / str(number)
    shutil.copytree(shipped.version(number), version)
    if not (version / "model.tflite").is_file():
        np.save(folder / "rows.npy", _rows(version))
        code = (
            "import pathlib, sys, numpy; from training.tflite import write_lite; "
            "print(write_lite(pathlib.Path(sys.argv[1]), numpy.load(sys.argv[2])))"
        )
        command = [sys.executable, "-c", code, str(version), str(folder / "rows.npy")]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=180)
        print(done.stdout.strip())
    return version


def _rows(version: Path) -> Rows:
    """The invented profiles that training recorded with the version, float32[n, F]."""
    golden = json.loads((version / "assets.extra" / "golden.json").read_text("utf-8"))
    return np.array([row["features"] for row in golden], np.float32)


def main(arguments: Sequence[str]) -> None:
    """Measure by the arguments and publish, --quick runs only to the screen."""
    peers = () if "--without-peers" in arguments else tuple(PEERS)
    if "--quick" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            publish("serving", measure(Settings(0.3, 1, peers)), Path(folder))
    else:
        print(f"Written to {publish('serving', measure(Settings(peers=peers)))}")


if __name__ == "__main__":
    main(sys.argv[1:])
