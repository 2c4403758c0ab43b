"""Counts, per feature, how many accounts fell between the quantiles of the accounts that the version learned from.

Prometheus makes the population stability index of it, over whatever time it likes and over all replicas
(monitoring/rules/recording.yml): the counts survive there what a process does not. No account is kept but as numbers
that wait to be counted together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contracts.features import VALUE_NAMES
from contracts.model import Description
from gateway.prediction import Version

_LEAST_SHARE = 0.02
"""A bin that holds less of the reference is joined with its neighbour: its index would be noise."""
_TOGETHER = 64
"""So many accounts wait to be counted at most: counting them costs little more than counting one."""
_KEPT_VERSIONS = 3
"""Stable, the canary, and the version that was replaced last."""


@dataclass(frozen=True, slots=True)
class Bins:
    """`edges` are the upper bounds, inclusive, of all bins but the last; `shares` what each bin holds of the reference.

    Both are empty where the reference is one value only.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


def bins_of(levels: Sequence[float], quantiles: Sequence[float]) -> Bins:
    """The bins between distinct `quantiles`, which lie at `levels`; both rise.

    Where quantiles coincide, the values are few and lumped (flags, small counts): the share up to such a value then
    lies anywhere from its highest level to the next one, of which the middle is taken.
    """
    known = [*levels, 1.0]
    lumped = len(set(quantiles)) < len(quantiles)
    edges: list[float] = []
    below = [0.0]
    for index, value in enumerate(quantiles):
        if index + 1 < len(quantiles) and quantiles[index + 1] == value:
            continue
        share = (known[index] + known[index + 1]) / 2 if lumped else known[index]
        if share - below[-1] >= _LEAST_SHARE and 1 - share >= _LEAST_SHARE:
            edges.append(float(value))
            below.append(share)
    if not edges:
        return Bins((), ())
    return Bins(tuple(edges), tuple(float(share) for share in np.diff([*below, 1.0])))


@dataclass(slots=True)
class _Table:
    """The counts of one platform. `edges` float64[features, most edges], filled up with infinity.

    `waiting` holds float64[values, n] of accounts that are not counted yet.
    """

    bins: Mapping[str, Bins]
    edges: NDArray[np.float64] = field(init=False)
    counts: NDArray[np.int64] = field(init=False)
    places: list[int] = field(init=False)
    waiting: list[NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = [VALUE_NAMES.index(name) for name in self.bins]
        most = max((len(each.edges) for each in self.bins.values()), default=0)
        self.edges = np.array([[*each.edges] + [np.inf] * (most - len(each.edges)) for each in self.bins.values()])
        self.counts = np.zeros((len(self.bins), most + 1), np.int64)

    def count(self) -> None:
        """Count the accounts that wait."""
        if not self.waiting:
            return
        rows = np.concatenate(self.waiting, axis=1)[self.places]
        self.waiting.clear()
        known = np.isfinite(rows)
        places = (np.where(known, rows, 0.0)[:, :, None] > self.edges[:, None, :]).sum(2)
        feature, row = np.nonzero(known)
        np.add.at(self.counts, (feature, places[feature, row]), 1)


@dataclass(slots=True)
class _Reference:
    """What one version says of the accounts that it learned from, and what was counted against it."""

    description: Description
    tables: Mapping[str, _Table]


class Drift:
    """Counts of the versions that answered last, by platform; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._references: dict[int, _Reference] = {}

    def observe(self, platform: str, values: NDArray[np.float64], version: Version) -> None:
        """Count the raw values of n accounts that `version` answers, float64[values, n]."""
        with self._lock:
            table = self._reference(version).tables.get(platform)
            if table is None or not table.bins:
                return
            table.waiting.append(values)
            if values.shape[1] > 1 or len(table.waiting) >= _TOGETHER:
                table.count()

    def counts(self) -> Iterator[tuple[str, str, str, str, int]]:
        """Version, platform, feature, bin (its upper bound) and how many accounts fell into it."""
        for version, platform, feature, bins, counts in self._rows():
            for bound, count in zip(_bounds(bins), counts, strict=False):
                yield version, platform, feature, bound, count

    def shares(self) -> Iterator[tuple[str, str, str, str, float]]:
        """Version, platform, feature, bin and its share of the reference."""
        for version, platform, feature, bins, _ in self._rows():
            for bound, share in zip(_bounds(bins), bins.shares, strict=True):
                yield version, platform, feature, bound, share

    def base_rates(self) -> Iterator[tuple[str, str, str, float]]:
        """Version, platform, class and the share of it that the version's probabilities assume."""
        with self._lock:
            rates = {number: each.description.base_rates for number, each in self._references.items()}
        for number, platforms in rates.items():
            for platform, classes in platforms.items():
                for name, share in classes.items():
                    yield str(number), platform, name, share

    def _reference(self, version: Version) -> _Reference:
        known = self._references.get(version.number)
        if known is None or (known.description is not version.description and known.description != version.description):
            known = _Reference(version.description, _tables(version.description))
            self._references[version.number] = known
            for number in list(self._references)[:-_KEPT_VERSIONS]:
                del self._references[number]
        return known

    def _rows(self) -> Iterable[tuple[str, str, str, Bins, list[int]]]:
        with self._lock:
            for reference in self._references.values():
                for table in reference.tables.values():
                    table.count()
            found = [
                (str(number), platform, table.bins, table.counts.tolist())
                for number, reference in self._references.items()
                for platform, table in reference.tables.items()
            ]
        for number, platform, bins, counts in found:
            for (feature, each), row in zip(bins.items(), counts, strict=True):
                yield number, platform, feature, each, row


def _tables(description: Description) -> dict[str, _Table]:
    return {
        platform: _Table(
            {
                name: bins
                for name, quantiles in features.items()
                if (bins := bins_of(description.quantile_levels, quantiles)).edges
            }
        )
        for platform, features in description.quantiles.items()
    }


def _bounds(bins: Bins) -> list[str]:
    return [*(f"{edge:g}" for edge in bins.edges), "+Inf"]
