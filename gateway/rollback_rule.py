"""When a canary loses its share: one pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.observations import Observed
from gateway.traffic import Bounds

NOTICEABLE_S = 0.01
"""A tail below this is compared as if it were this long: nobody notices that 4 ms are twice 2 ms."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Which bound a canary left; `reason` is one sentence with the figures."""

    bound: Literal["error-rate", "latency", "agreement"]
    reason: str


def breach(observed: Observed, bounds: Bounds) -> Breach | None:
    """The first bound that the canary is out of, else None.

    A share is judged over `min_requests`, and before that as soon as so many went wrong that they would break the
    bound even if all the others went well. Latency is judged once both versions have `min_requests`.
    """
    canary, stable, agreement = observed.canary, observed.stable, observed.agreement
    judged_over = max(canary.requests, bounds.min_requests)
    if canary.errors > bounds.max_error_rate * judged_over:
        reason = (
            f"{canary.errors} of {canary.requests} requests to the canary failed; "
            f"at most {bounds.max_error_rate:.1%} may."
        )
        return Breach("error-rate", reason)
    if min(canary.requests, stable.requests) >= bounds.min_requests and canary.tail_s and stable.tail_s:
        ratio = canary.tail_s / max(stable.tail_s, NOTICEABLE_S)
        if ratio > bounds.max_latency_ratio:
            reason = (
                f"The slowest requests to the canary took {1000 * canary.tail_s:.0f} ms, those to stable "
                f"{1000 * stable.tail_s:.0f} ms; at most {bounds.max_latency_ratio:g} times as long is allowed."
            )
            return Breach("latency", reason)
    disagreed = agreement.compared - agreement.agreed
    compared_over = max(agreement.compared, bounds.min_requests)
    if compared_over - disagreed < bounds.min_agreement * compared_over:
        reason = (
            f"The canary gave {disagreed} of {agreement.compared} accounts another label than stable; "
            f"at least {bounds.min_agreement:.1%} must agree."
        )
        return Breach("agreement", reason)
    return None
