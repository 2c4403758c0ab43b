from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.features import VALUE_NAMES
from gateway.drift import Drift, bins_of
from gateway.prediction import Version
from tests.gateway.fakes import DESCRIPTION

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def version_of(number: int, *quantiles: float) -> Version:
    description = replace(
        DESCRIPTION, quantile_levels=LEVELS, quantiles={"x": {"followers": quantiles}}, base_rates={"x": {"bot": 0.2}}
    )
    return Version(number, description)


def accounts_with(*followers: float) -> NDArray[np.float64]:
    """Raw values of accounts of which nothing else is known."""
    values = np.full((len(VALUE_NAMES), len(followers)), np.nan)
    values[VALUE_NAMES.index("followers")] = followers
    return values


def test_a_continuous_value_has_a_bin_between_each_two_quantiles() -> None:
    bins = bins_of(LEVELS, [0, 1, 2, 3, 4, 5, 6, 7, 8])
    assert bins.edges == (1, 2, 3, 4, 5, 6, 7)
    assert bins.shares == pytest.approx([0.05, 0.05, 0.15, 0.25, 0.25, 0.15, 0.05, 0.05])


def test_a_flag_has_two_bins_and_the_share_between_its_quantiles() -> None:
    bins = bins_of(LEVELS, [0, 0, 0, 0, 0, 1, 1, 1, 1])
    assert bins.edges == (0,)
    assert bins.shares == pytest.approx([0.625, 0.375])


def test_a_value_that_hardly_varies_has_no_bins() -> None:
    assert bins_of(LEVELS, [1.0] * 9).edges == ()
    assert bins_of(LEVELS, [0.0] + [1.0] * 8).edges in {(), (0.0,)}


def test_a_bound_belongs_to_the_bin_below_and_unknown_values_to_none() -> None:
    drift = Drift()
    version = version_of(3, 0, 1, 2, 3, 4, 5, 6, 7, 8)
    drift.observe("x", accounts_with(1.0, 1.5, 99.0, np.nan), version)
    counted = {bound: count for *_, bound, count in drift.counts()}
    assert (counted["1"], counted["2"], counted["+Inf"], sum(counted.values())) == (1, 1, 1, 3)


def test_versions_are_counted_apart_and_old_ones_are_forgotten() -> None:
    drift = Drift()
    for number in (1, 2, 3, 4, 4):
        drift.observe("x", accounts_with(1.0), version_of(number, 0, 1, 2, 3, 4, 5, 6, 7, 8))
    totals: dict[str, int] = {}
    for number, *_, count in drift.counts():
        totals[number] = totals.get(number, 0) + count
    assert totals == {"2": 1, "3": 1, "4": 2}
    assert set(drift.base_rates()) == {("2", "x", "bot", 0.2), ("3", "x", "bot", 0.2), ("4", "x", "bot", 0.2)}


def test_accounts_that_come_one_by_one_are_counted_as_those_that_come_together() -> None:
    values = np.random.default_rng(0).uniform(-1, 9, 1000).tolist()
    alone, together = Drift(), Drift()
    version = version_of(3, 0, 1, 2, 3, 4, 5, 6, 7, 8)
    for value in values:
        alone.observe("x", accounts_with(value), version)
    together.observe("x", accounts_with(*values), version)
    assert list(alone.counts()) == list(together.counts())
    assert sum(count for *_, count in alone.counts()) == len(values)


def test_a_platform_without_a_reference_is_not_counted() -> None:
    drift = Drift()
    drift.observe("instagram", accounts_with(1.0), version_of(1, 0, 1, 2, 3, 4, 5, 6, 7, 8))
    assert {platform for _, platform, *_ in drift.counts()} == {"x"}
    assert sum(count for *_, count in drift.counts()) == 0
