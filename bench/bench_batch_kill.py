"""10,000 accounts in one batch, with kill -9 of worker, gateway, fetcher and model server while it runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.report import Figure
from tests.integration.killable_system import killable_system
from tests.integration.killed_batch import killed_batch

ACCOUNTS = 10_000
_REQUEST_S = 1.0
"""The emulated platform takes so long for a request, so that every kill meets some on their way."""
_LEASE_S = 15.0


def measure() -> list[Figure]:
    """Every row has one outcome at the end, and nothing was fetched again whose answer the fetcher had kept."""
    with (
        tempfile.TemporaryDirectory() as folder,
        killable_system(Path(folder) / "state", seconds=_REQUEST_S, lease_s=_LEASE_S) as (system, watched),
    ):
        after = killed_batch(system, watched, ACCOUNTS, deadline_s=900)
    answered = sum(after.outcomes.get(name, 0) for name in ("ok", "not-found", "suspended"))
    return [
        Figure("rows_with_one_outcome", after.rows, "rows", f">= {ACCOUNTS}"),
        Figure("rows_answered", answered, "rows", f">= {ACCOUNTS}"),
        Figure("parts_killed", after.kills, "kills", ">= 4"),
        Figure("fetched_twice", after.asked_twice, "accounts"),
        Figure("fetched_though_kept", after.asked_though_kept, "accounts", "<= 0"),
        Figure("duration", after.seconds, "s"),
    ]
