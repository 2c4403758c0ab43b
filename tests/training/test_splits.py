"""Rows are split by their hash and their source, as the published protocol says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contracts.platforms import Platform
from training.splits import P2_FOLDS, Fold, may_ship, p1_held_out, validation


def frame(row_ids: list[str], source: str = "invented", platform: str = "x") -> pd.DataFrame:
    return pd.DataFrame({"row_id": row_ids, "source": source, "platform": platform})


@pytest.mark.parametrize(("first_half", "held_out"), [(0, True), (14, True), (15, False), (99, False), (114, True)])
def test_p1_holds_out_fifteen_in_a_hundred_by_the_first_half_of_the_hash(first_half: int, held_out: bool) -> None:
    assert p1_held_out(frame([f"{first_half:08x}ffffffff"])).tolist() == [held_out]


def test_validation_rows_are_chosen_by_the_second_half() -> None:
    rows = frame([f"00000000{number:08x}" for number in (0, 9, 10, 99, 100)])
    assert validation(rows, 10).tolist() == [True, True, False, False, True]


def test_non_commercial_sources_do_not_ship() -> None:
    rows = pd.DataFrame({"source": ["instafake-real", "purba2020-real"]})
    assert may_ship(rows).tolist() == [False, True]


def test_a_fold_tests_its_sources_and_trains_on_the_rest_of_its_platform() -> None:
    rows = pd.DataFrame(
        {
            "row_id": ["0" * 16, "0" * 16, "0" * 16],
            "source": ["one", "two", "one"],
            "platform": ["x", "x", "instagram"],
        }
    )
    fold = Fold(Platform.X, "Z", ("one",))
    assert fold.is_test(rows).tolist() == [True, False, False]
    assert fold.is_training(rows).tolist() == [False, True, False]


def test_even_and_odd_halves_of_a_source_are_disjoint_and_complete() -> None:
    rows = frame([f"{number:016x}" for number in (4, 7, 2**63)], "kim2020-influencers", "instagram")
    even = Fold(Platform.INSTAGRAM, "E", ("kim2020-influencers/even",)).is_test(rows)
    odd = Fold(Platform.INSTAGRAM, "O", ("kim2020-influencers/odd",)).is_test(rows)
    assert even.tolist() == [True, False, True]
    assert np.array_equal(odd, ~even)


def test_the_folds_are_those_of_the_protocol() -> None:
    assert [(fold.platform.value, fold.name) for fold in P2_FOLDS] == [
        *(("x", name) for name in "ABCD"),
        *(("instagram", name) for name in "ABC"),
    ]
    assert len(P2_FOLDS[3].sources) == 8
