"""What can go wrong in the fetcher.

FetcherError
├── ConfigurationError      the environment or a configuration file is wrong; lists every mistake
├── StoreUnavailable        the limiter's store cannot be read or written; nothing is sent
├── Refused                 the rate-limit handler did not grant a request; carries until and reason
├── ForeignHost             a library tried to reach a host that is not its platform's
└── MethodFailed            one upstream method gave no answer for an account; carries outcome and detail
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.fetch_api import Outcome


class FetcherError(Exception):
    """Root of the tree."""


class ConfigurationError(FetcherError):
    """Every mistake of a configuration at once."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class StoreUnavailable(FetcherError):  # noqa: N818 - it names a state, like Refused.
    """The store of the rate-limit handler failed; the handler fails closed."""


class Refused(FetcherError):  # noqa: N818 - the handler's other answer beside a grant.
    """Not before `until` (seconds since the epoch), for `reason` (a limiter.state.Reason).

    `affordable`: for how many accounts there is money now, where money is the reason.
    """

    def __init__(self, until: float, reason: str, affordable: int = 0) -> None:
        super().__init__(f"{reason} until {until:.0f}")
        self.affordable = affordable
        self.until = until
        self.reason = reason


class ForeignHost(FetcherError):  # noqa: N818 - it names what was met.
    """A request left for a host that is not the platform's; it was not sent."""


class MethodFailed(FetcherError):  # noqa: N818 - it names what happened to a method.
    """One method had no profile to give; `outcome` says why, `detail` is a sentence for a person."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
