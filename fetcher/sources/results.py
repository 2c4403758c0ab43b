"""What a source says of one account: a profile, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile import Profile
from fetcher.limiter.state import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The outcome for one account; `retry_at` in seconds since the epoch, `method` the one that answered."""

    outcome: Outcome
    detail: str = ""
    profile: Profile | None = None
    method: str | None = None
    retry_at: float | None = None


_OUTCOMES = {
    Reason.BLOCKED: Outcome.BLOCKED,
    Reason.BUDGET: Outcome.BUDGET_SPENT,
    Reason.NOT_IN_PLAN: Outcome.NOT_IN_PLAN,
}


def waiting(platform: Platform, reason: str, until: float, method: str | None = None) -> Found:
    """The outcome of a request that the handler refused, or that the platform refused with a time to come back."""
    outcome = _OUTCOMES.get(Reason(reason), Outcome.RATE_LIMITED)
    detail = {
        Outcome.BLOCKED: (
            f"{platform.title} asked this fetcher's account to prove itself (checkpoint or challenge), so nothing is "
            "sent for now. This says nothing about the account you asked for."
        ),
        Outcome.BUDGET_SPENT: f"The usage that the {platform.title} plan pays for is spent.",
        Outcome.NOT_IN_PLAN: f"The {platform.title} plan of this installation does not include this lookup.",
        Outcome.RATE_LIMITED: f"{platform.title} allows no further lookup for now.",
    }[outcome]
    return Found(outcome=outcome, detail=detail, method=method, retry_at=until)
