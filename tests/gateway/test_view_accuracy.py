from __future__ import annotations

from typing import Any

import pytest

from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS
from gateway.view_accuracy import view_accuracy

COUNTS = {"facts": ["followers", "following", "posts"], "rows": 300, "accuracy": 0.6}
NAMED = {"facts": ["followers", "following", "posts", "username"], "rows": 300, "accuracy": 0.8}
CARD = {"views": {"x": [COUNTS, NAMED]}, "held_out_rows": {"x": {"rows": 3000, "accuracy": 0.9}}}


def test_the_richest_view_counts_that_holds_no_unknown_fact() -> None:
    view = view_accuracy(CARD, Platform.X, ["followers", "following", "posts", "username", "biography"])
    assert view is not None
    assert (view.accuracy, view.rows) == (0.8, 300)


def test_where_everything_is_known_the_figure_of_all_held_out_rows_counts() -> None:
    view = view_accuracy(CARD, Platform.X, MODEL_FACTS[Platform.X])
    assert view is not None
    assert view.accuracy == 0.9


def test_a_poorer_view_than_was_measured_has_no_accuracy() -> None:
    assert view_accuracy(CARD, Platform.X, ["followers"]) is None
    assert view_accuracy(CARD, Platform.INSTAGRAM, MODEL_FACTS[Platform.INSTAGRAM]) is None


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"views": 3},
        {"views": {"x": [3, {"facts": None}]}},
        {"views": {"x": [{**COUNTS, "accuracy": float("nan")}]}},
    ],
)
def test_a_card_of_another_form_is_no_fault(card: dict[str, Any]) -> None:
    assert view_accuracy(card, Platform.X, MODEL_FACTS[Platform.X]) is None
