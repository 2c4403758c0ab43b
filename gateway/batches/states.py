"""The states of a batch and of a row, and what may become of a row."""

from __future__ import annotations

from enum import StrEnum

from contracts.fetch_api import Outcome


class BatchState(StrEnum):
    """loading -> planned -> running <-> paused -> finished or cancelled."""

    LOADING = "loading"
    """Its rows are being stored; nobody sees it yet."""
    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RowState(StrEnum):
    """waiting -> claimed -> done; a claim whose lease has run out counts as waiting."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"


CANCELLED = "cancelled"
"""The outcome of a row that was not done when its batch was cancelled."""
DELETED = "deleted"
"""The outcome of a row whose account was deleted from Rollcall; nothing of the account is left in it."""

WAITING_OUTCOMES = frozenset({Outcome.RATE_LIMITED, Outcome.BUDGET_SPENT})
"""What a row is not done with: it goes on by itself when the time comes."""

RETRIED_OUTCOMES = frozenset(
    {
        Outcome.UPSTREAM_ERROR,
        Outcome.BLOCKED,
        Outcome.LOGIN_REQUIRED,
        Outcome.NOT_IN_PLAN,
        Outcome.RATE_LIMITED,
        Outcome.BUDGET_SPENT,
    }
)
"""Outcomes that say nothing of the account; `retry` sets such rows to waiting again."""
