"""What can go wrong behind the gateway's views.

    GatewayError
    ├── NotClassifiedError       an account was looked up and has no answer; carries the typed outcome
    ├── FetcherUnreachableError  the fetcher gave no usable answer
    ├── ModelUnavailableError    no version can answer
    │   ├── NoVersionError       the label names no version that is ready
    │   └── UnknownSchemaError   the version that would answer reads another feature schema
    ├── AllowanceSpentError      the caller's key has spent what it may on a day
    └── DatabaseUnavailableError the gateway's own database does not answer

A text that names no profile is `contracts.profile_ref.InvalidReference`. HTTP statuses appear in problems.py and
http_problems.py only.
"""

from __future__ import annotations

from datetime import datetime

from contracts.fetch_api import AccountResult, Outcome
from gateway.rounded_ids import looks_rounded


class GatewayError(Exception):
    """The message is one sentence for the person who waits."""


class NotClassifiedError(GatewayError):
    """The account's outcome is not ok; `result` is what the fetcher said."""

    def __init__(self, result: AccountResult) -> None:
        sentence = result.detail or SENTENCES[result.outcome]
        if result.outcome is Outcome.NOT_FOUND and result.ref.id and looks_rounded(result.ref.id):
            sentence = f"{sentence} The id ends in zeros, as if a spreadsheet had rounded it; look where it came from."
        super().__init__(sentence)
        self.result = result

    @property
    def outcome(self) -> Outcome:
        """Why there is no answer."""
        return self.result.outcome

    @property
    def retry_at(self) -> datetime | None:
        """When to come back (UTC), with rate-limited and budget-spent."""
        return self.result.retry_at


class FetcherUnreachableError(GatewayError):
    """The fetcher did not answer, or answered what cannot be read."""


class ModelUnavailableError(GatewayError):
    """The model server did not answer in time, or serves no version under the label."""


class NoVersionError(ModelUnavailableError):
    """The label is not set, or names a version that is not loaded."""


class UnknownSchemaError(ModelUnavailableError):
    """The version was trained on another feature schema than this gateway computes."""


class AllowanceSpentError(GatewayError):
    """The caller's key has spent its dollars of the UTC day; `retry_at` (UTC) is when the next begins."""

    def __init__(self, usd_per_day: float, retry_at: datetime) -> None:
        super().__init__(f"This key has spent the {usd_per_day:g} US dollars that it may spend on a UTC day.")
        self.retry_at = retry_at


class DatabaseUnavailableError(GatewayError):
    """Nothing can be read from or written to the gateway's own database."""


SENTENCES = {
    Outcome.OK: "The account was read.",
    Outcome.NOT_FOUND: "There is no such account.",
    Outcome.SUSPENDED: "The platform has suspended this account.",
    Outcome.BLOCKED: "The platform refuses our requests at the moment; this says nothing about the account.",
    Outcome.LOGIN_REQUIRED: "The platform shows this account only to someone who is logged in.",
    Outcome.RATE_LIMITED: "The platform's rate limit is reached.",
    Outcome.BUDGET_SPENT: "The budget for this platform is spent.",
    Outcome.NOT_IN_PLAN: "The platform's plan in use does not include this request.",
    Outcome.UPSTREAM_ERROR: "The platform did not give a usable answer.",
}
"""What an outcome means, where the fetcher says nothing more precise."""
