from __future__ import annotations

import pytest

from gateway.observations import KEPT, WINDOW_S, Observations, tail
from tests.gateway.fakes import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def observations(clock: Clock) -> Observations:
    return Observations(clock)


def test_calls_are_counted_by_version(observations: Observations) -> None:
    for seconds in (0.010, 0.020, None):
        observations.called(canary=True, seconds=seconds)
    observations.called(canary=False, seconds=0.005)
    observed = observations.observed()
    assert (observed.canary.requests, observed.canary.errors) == (3, 1)
    assert observed.canary.error_rate == pytest.approx(1 / 3)
    assert (observed.stable.requests, observed.stable.errors, observed.stable.tail_s) == (1, 0, 0.005)


def test_comparisons_become_agreement_and_difference(observations: Observations) -> None:
    for agreed, difference in ((True, 0.0), (True, 0.1), (False, 0.5), (True, 0.2)):
        observations.compared(agreed=agreed, difference=difference)
    agreement = observations.observed().agreement
    assert (agreement.compared, agreement.agreed, agreement.rate) == (4, 3, 0.75)
    assert agreement.mean_absolute_difference == pytest.approx(0.2)


def test_old_observations_no_longer_count(observations: Observations, clock: Clock) -> None:
    observations.called(canary=True, seconds=None)
    observations.compared(agreed=False, difference=1.0)
    clock.seconds += WINDOW_S + 1
    observations.called(canary=True, seconds=0.01)
    observed = observations.observed()
    assert (observed.canary.requests, observed.canary.errors, observed.agreement.compared) == (1, 0, 0)


def test_only_the_newest_are_kept(observations: Observations) -> None:
    observations.called(canary=False, seconds=None)
    for _ in range(KEPT):
        observations.called(canary=False, seconds=0.01)
    assert (observations.observed().stable.requests, observations.observed().stable.errors) == (KEPT, 0)


def test_another_canary_starts_from_nothing(observations: Observations) -> None:
    observations.start((1, 2))
    observations.called(canary=True, seconds=None)
    observations.start((1, 2))
    assert observations.observed().canary.errors == 1
    observations.start((1, 3))
    assert observations.observed().canary.requests == 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], None),
        ([3.0], 3.0),
        ([1.0, 9.0], 1.0),
        ([0.1] * 50 + [7.0, 8.0], 0.1),
        ([float(n) for n in range(1000)], 989),
    ],
)
def test_the_tail_leaves_out_the_slowest_hundredth_and_at_least_two(
    seconds: list[float], expected: float | None
) -> None:
    assert tail(seconds) == expected
