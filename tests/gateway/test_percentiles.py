from __future__ import annotations

import pytest

from gateway.percentiles import percentile

LEVELS = (0.01, 0.25, 0.5, 0.75, 0.99)
VALUES = (0.0, 0.0, 10.0, 20.0, 100.0)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (-1.0, 0.01),
        (0.0, 0.01),
        (5.0, 0.375),
        (10.0, 0.5),
        (15.0, 0.625),
        (1000.0, 0.99),
    ],
)
def test_a_value_lies_between_the_levels_around_it(value: float, place: float) -> None:
    assert percentile(value, LEVELS, VALUES) == pytest.approx(place)


def test_without_a_reference_there_is_no_place() -> None:
    assert percentile(1.0, (), ()) is None
    assert percentile(1.0, LEVELS, ()) is None
