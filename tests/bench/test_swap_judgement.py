"""Which answers count as wrong, and which requests as overlapping a swap."""

from __future__ import annotations

import pytest

from bench.arrivals import Answer, Sample
from bench.swap_judgement import Swap, Verdict, judge

EXPECTED = {(1, 0): (0.25, 0.75), (2, 0): (0.5, 0.5)}
SWAPS = [Swap(10.0, 11.0, 1, 2), Swap(20.0, 21.0, 2, 1)]


def sample(due: float, version: int, latency_s: float = 0.01) -> Sample:
    return Sample(0, due, due + latency_s, Answer(version, EXPECTED[version, 0]))


def verdict(*samples: Sample, belief_s: float = 0.0) -> Verdict:
    around = [sample(1.0, 1, 0.002), sample(10.2, 1, 0.004)]
    return judge([*around, *samples], SWAPS, EXPECTED, rows=1, belief_s=belief_s)


@pytest.mark.parametrize(
    ("due", "version", "wrong"),
    [
        (5.0, 1, 0),
        (5.0, 2, 1),
        (10.5, 1, 0),
        (10.5, 2, 0),
        (15.0, 2, 0),
        (15.0, 1, 1),
        (20.5, 2, 0),
        (30.0, 1, 0),
        (30.0, 2, 1),
    ],
)
def test_only_what_is_stable_meanwhile_may_answer(due: float, version: int, wrong: int) -> None:
    assert verdict(sample(due, version)).wrong_version == wrong


def test_label_that_is_believed_a_little_longer_is_no_mistake() -> None:
    assert verdict(sample(11.5, 1)).wrong_version == 1
    assert verdict(sample(11.5, 1), belief_s=1.0).wrong_version == 0


def test_version_with_the_numbers_of_another_is_wrong() -> None:
    assert verdict(Sample(0, 5.0, 5.1, Answer(1, EXPECTED[2, 0]))).wrong_version == 1


def test_request_without_an_answer_has_failed() -> None:
    assert verdict(Sample(0, 5.0, 5.1, None, "UNAVAILABLE")).failed == 1


def test_slowest_hundredth_is_compared_between_quiet_and_swaps() -> None:
    assert verdict().p99_ratio == pytest.approx(2.0)
    # It began before the swap and ended in it.
    assert verdict(sample(9.9, 1, 0.2)).swapping_p99_s == pytest.approx(0.2)
