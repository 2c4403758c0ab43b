from __future__ import annotations

from typing import Any

import pytest

from contracts.model import CLASSES
from gateway.pages.model_view import confusion, platform_views, reliability

MATRIX = {row: {column: 6 if row == column else 2 for column in CLASSES} for row in CLASSES}
CARD: dict[str, Any] = {
    "held_out_rows": {
        "x": {"rows": 3350, "accuracy": 0.8916, "ece": 0.111, "recall": {"bot": 0.9}, "confusion": MATRIX}
    },
    "unseen_sources": {"x": {"accuracy": 0.625, "recall": {"bot": 0.386}}},
    "reliability": {"x": [{"confidence": 0.95, "accuracy": 0.9, "rows": 400}]},
    "views": {"x": [{"facts": ["followers", "likes_given"], "rows": 10, "accuracy": 0.6, "macro_f1": 0.5}]},
}


def test_known_and_unseen_sources_stand_beside_each_other() -> None:
    (view,) = platform_views(CARD, {"x": {"regular": 0.7, "bot": 0.3}})
    accuracy = view.figures[0]
    assert (accuracy.title, accuracy.known, accuracy.unseen) == ("Accuracy", "89.2%", "62.5%")
    assert (view.figures[1].known, view.figures[1].unseen) == ("11.1%", "not measured")
    assert [(row.recall, row.unseen_recall) for row in view.classes if row.title == "Bot"] == [("90.0%", "38.6%")]
    assert view.assumed == "70% regular, 30% bot"
    assert view.views == (("followers, likes given", "60.0%", "50.0%"),)


def test_each_cell_has_its_share_of_the_row() -> None:
    cells = confusion(MATRIX)
    assert len(cells) == 16
    assert (cells[0].number, cells[0].share) == ("6", 0.5)


def test_a_dot_lies_where_its_figures_are() -> None:
    (dot,) = reliability([{"confidence": 0.75, "accuracy": 0.5, "rows": 1200}])
    assert (dot.x, dot.y) == (150, 100)
    assert dot.text == "At 75% told, 50% right, 1,200 accounts"


@pytest.mark.parametrize("card", [{}, {"held_out_rows": 3}, {"held_out_rows": {"x": []}}])
def test_a_card_of_another_form_has_no_figures(card: dict[str, Any]) -> None:
    assert platform_views(card, {}) == ()


@pytest.mark.parametrize("matrix", [None, {}, {"regular": {"regular": "many"}}, {**MATRIX, "bot": {"bot": 1}}])
def test_what_is_no_matrix_is_not_drawn(matrix: Any) -> None:
    assert confusion(matrix) == ()


@pytest.mark.parametrize("bins", [[3], [{}], [{"confidence": float("nan"), "accuracy": 1, "rows": 2}], [{"rows": 0}]])
def test_what_is_no_bin_is_left_out(bins: list[Any]) -> None:
    assert reliability(bins) == ()
