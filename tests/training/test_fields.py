"""A field that some class was never seen with would name the class by being there."""

from __future__ import annotations

import numpy as np

from contracts.columns import Columns
from contracts.features import FEATURE_NAMES, normalize
from training.fields import FIELDS, known, silenced, unsupported, without_options

LABELS = np.repeat([0, 1, 2], 40)
SOURCES = np.array([*["humans"] * 40, *["bots"] * 40, *["lists"] * 40], object)


def columns(**numbers: list[float]) -> Columns:
    """120 accounts, 40 a class; a number of None per class is unknown in all of it."""
    whole = {name: np.repeat(np.array(values, float), 40) for name, values in numbers.items()}
    return Columns.of({"platform": np.full(120, "x", object)}, whole)


def off(rows: Columns, sources: np.ndarray, *names: str) -> tuple[str, ...]:
    """Those of `names`, each a group of its own, that are no inputs."""
    fields = unsupported(rows, LABELS, sources, [[name] for name in names])
    return tuple(name for name in names if name in fields)


def test_what_every_class_was_seen_with_is_an_input() -> None:
    assert off(columns(has_url=[1, 0, 1]), SOURCES, "has_url") == ()


def test_what_one_class_never_had_is_none() -> None:
    rows = columns(has_avatar=[1, 1, 1], has_url=[1, 0, np.nan])
    assert off(rows, SOURCES, "has_url", "has_avatar") == ("has_url",)


def test_a_class_seen_with_counts_only_asks_for_nothing() -> None:
    rows = columns(followers=[1, 2, 3], has_url=[1, 0, np.nan])
    assert off(rows, SOURCES, "has_url") == ()


def test_what_nobody_has_is_no_input() -> None:
    assert off(columns(followers=[1, 2, 3]), SOURCES, "listed", "followers") == ("listed",)


def test_a_handful_of_rows_supports_nothing() -> None:
    rows = columns(has_avatar=[1, 1, 1], has_url=[1, 0, 1])
    rows.numbers["has_url"][80:111] = np.nan
    sources = np.array([*["humans"] * 40, *["bots"] * 40, *["lists"] * 31, *["few"] * 9], object)
    assert off(rows, sources, "has_url") == ("has_url",)
    assert "has_url" not in unsupported(rows, LABELS, sources, [["has_url"]], rows=9)


def test_silenced_columns_are_those_that_an_unknown_field_leaves_empty() -> None:
    with_all = columns(followers=[1, 2, 3], following=[4, 5, 6])
    without = columns(following=[4, 5, 6])
    gone = (normalize(with_all) != 0).any(0) & (normalize(without) == 0).all(0)
    expected = silenced(["followers"]) & (normalize(with_all) != 0).any(0)
    assert np.array_equal(gone, expected)
    assert not silenced(FIELDS)[FEATURE_NAMES.index("is_instagram")]


def test_known_fields_are_counted_per_row() -> None:
    flags = known(columns(followers=[1, np.nan, 3]))
    assert flags[:, FIELDS.index("followers")].sum() == 80


def test_classes_without_options_are_found() -> None:
    rows = columns(followers=[1, 2, 3], has_url=[1, 0, np.nan])
    assert without_options(rows, LABELS, SOURCES).tolist() == [False, False, True, True]
