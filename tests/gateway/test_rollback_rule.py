"""The bounds of a canary, as figures go in and out of them."""

from __future__ import annotations

import pytest

from gateway.observations import Agreement, Calls, Observed
from gateway.rollback_rule import breach
from gateway.traffic import Bounds

BOUNDS = Bounds(max_error_rate=0.1, max_latency_ratio=2.0, min_agreement=0.8, min_requests=50)
WELL = Calls(requests=100, errors=0, tail_s=0.020)


def found(**parts: Calls | Agreement) -> str | None:
    observed = Observed(**{"stable": WELL, "canary": WELL, **parts})  # type: ignore[arg-type]
    broken = breach(observed, BOUNDS)
    return None if broken is None else broken.bound


def test_nothing_seen_breaks_nothing() -> None:
    assert breach(Observed(), BOUNDS) is None
    assert found() is None


@pytest.mark.parametrize(
    ("requests", "errors", "broken"),
    [(100, 10, None), (100, 11, "error-rate"), (12, 5, None), (6, 6, "error-rate"), (50, 5, None), (1, 1, None)],
)
def test_errors_are_judged_as_soon_as_they_are_certain(requests: int, errors: int, broken: str | None) -> None:
    assert found(canary=Calls(requests, errors, 0.02)) == broken


def test_errors_of_stable_are_not_the_canarys() -> None:
    assert found(stable=Calls(100, 100, None)) is None


@pytest.mark.parametrize(
    ("canary", "stable", "broken"),
    [
        (Calls(50, 0, 0.040), Calls(50, 0, 0.020), None),
        (Calls(50, 0, 0.041), Calls(50, 0, 0.020), "latency"),
        (Calls(49, 0, 9.0), Calls(50, 0, 0.020), None),
        (Calls(50, 0, 9.0), Calls(49, 0, 0.020), None),
        (Calls(50, 0, 0.008), Calls(50, 0, 0.002), None),
        (Calls(50, 0, 0.021), Calls(50, 0, 0.002), "latency"),
    ],
)
def test_latency_is_judged_beside_stable(canary: Calls, stable: Calls, broken: str | None) -> None:
    assert found(canary=canary, stable=stable) == broken


@pytest.mark.parametrize(
    ("compared", "agreed", "broken"),
    [(100, 80, None), (100, 79, "agreement"), (10, 0, None), (11, 0, "agreement"), (0, 0, None)],
)
def test_agreement_is_judged_as_soon_as_it_is_certain(compared: int, agreed: int, broken: str | None) -> None:
    assert found(agreement=Agreement(compared, agreed, 0.1)) == broken


def test_the_reason_holds_the_figures() -> None:
    broken = breach(Observed(canary=Calls(60, 30, 0.02)), BOUNDS)
    assert broken is not None
    assert broken.reason == "30 of 60 requests to the canary failed; at most 10.0% may."
