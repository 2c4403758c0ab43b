"""What a run of swaps showed: which requests overlapped one, and whose answers were wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.arrivals import Sample
from bench.closed_loop import percentile

TOLERANCE = 1e-4
"""The answers of two versions differ by far more, those of one version on one machine by less."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One command: from its start until the server has settled; `stable` before and after it."""

    began: float
    ended: float
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of all requests: refused or unanswered; answered by a version that was not stable, or not by its numbers."""

    requests: int
    failed: int
    wrong_version: int
    quiet_p99_s: float
    swapping_p99_s: float

    @property
    def p99_ratio(self) -> float:
        """How much slower the slowest hundredth was while versions swapped."""
        return self.swapping_p99_s / self.quiet_p99_s


def judge(
    samples: Sequence[Sample],
    swaps: Sequence[Swap],
    expected: Mapping[tuple[int, int], Sequence[float]],
    rows: int,
    belief_s: float = 0.0,
) -> Verdict:
    """`expected`: (version, row) -> probabilities; request i asked for row i % `rows`.

    `belief_s`: so long after a swap its old version may still answer, where a client keeps the label that it resolved.
    """
    swaps = sorted(swaps, key=lambda swap: swap.began)
    quiet, swapping = [], []
    for sample in samples:
        overlaps = any(sample.due <= swap.ended and sample.ended >= swap.began for swap in swaps)
        (swapping if overlaps else quiet).append(sample.latency_s)
    wrong = sum(
        1
        for sample in samples
        if sample.answer is not None
        and (
            sample.answer.version not in _allowed(sample, swaps, belief_s)
            or not _close(sample.answer.probabilities, expected.get((sample.answer.version, sample.index % rows), ()))
        )
    )
    return Verdict(
        requests=len(samples),
        failed=sum(1 for sample in samples if sample.answer is None),
        wrong_version=wrong,
        quiet_p99_s=percentile(sorted(quiet), 99),
        swapping_p99_s=percentile(sorted(swapping), 99),
    )


def _allowed(sample: Sample, swaps: Sequence[Swap], belief_s: float) -> set[int]:
    """The versions that were stable at some moment between the request's intended start and its answer."""
    allowed = {swaps[0].before} if sample.due <= swaps[0].ended + belief_s else set()
    for swap, following in zip(swaps, [*swaps[1:], None], strict=True):
        until = following.ended + belief_s if following else float("inf")
        if sample.ended >= swap.began and sample.due <= until:
            allowed.add(swap.after)
    return allowed


def _close(found: Sequence[float], wanted: Sequence[float]) -> bool:
    return len(found) == len(wanted) and all(
        abs(one - other) <= TOLERANCE for one, other in zip(found, wanted, strict=True)
    )
