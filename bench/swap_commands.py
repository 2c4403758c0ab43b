"""The ten commands of the benchmark of hot swaps, run as an operator would run them while requests arrive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from bench.arrivals import Answer, Arrivals, Sample
from bench.swap_judgement import Swap
from bench.swapped_versions import BROKEN, FIRST, HALF, ROOT, SECOND, THIRD
from serving.store import Store

COMMANDS: Sequence[tuple[tuple[str, ...], int]] = (
    (("promote", str(SECOND)), SECOND),
    (("canary", str(THIRD)), SECOND),
    (("canary", "--off"), SECOND),
    (("rollback",), FIRST),
    (("promote", str(THIRD)), THIRD),
    (("promote", str(BROKEN)), THIRD),
    (("promote", str(HALF)), THIRD),
    (("promote", str(SECOND)), SECOND),
    (("rollback",), THIRD),
    (("promote", str(FIRST)), FIRST),
)
"""Each command and the version that is stable after it."""

SETTLING_S = 0.5
"""A swap counts until so long after its command, since versions are unloaded when it has ended."""


def under_load(
    ask: Callable[[int], Answer], rate: float, quiet_s: float, store: Store, server: str
) -> tuple[list[Sample], list[Swap]]:
    """Run the ten commands while requests arrive."""
    for index in range(32):
        ask(index)
    load, swaps, stable = Arrivals(ask, rate), [], FIRST
    load.start()
    time.sleep(quiet_s)
    for arguments, after in COMMANDS:
        began = time.perf_counter()
        _command(arguments, store, server, refused=str(BROKEN) in arguments or str(HALF) in arguments)
        time.sleep(SETTLING_S)
        swaps.append(Swap(began, time.perf_counter(), stable, after))
        stable = after
        time.sleep(quiet_s)
    samples = load.stop()
    for failure, times in Counter(sample.failure for sample in samples if sample.failure).most_common(3):
        print(f"{times} failed: {failure}", file=sys.stderr)
    return samples, swaps


def _command(arguments: Sequence[str], store: Store, server: str, *, refused: bool) -> None:
    """`python -m serving ...` as an operator would run it."""
    environment = os.environ | {"MODEL_STORE": str(store.folder), "MODEL_SERVERS": server}
    command = [sys.executable, "-m", "serving", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True, timeout=150)
    if (done.returncode == 0) == refused:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
