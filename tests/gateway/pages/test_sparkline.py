from __future__ import annotations

from gateway.pages.sparkline import HEIGHT, WIDTH, sparkline


def test_the_line_goes_from_edge_to_edge_and_highest_at_the_top() -> None:
    chart = sparkline([0.0, 1.0, 2.0])
    assert chart.line == "M0.0 45.0 L120.0 24.0 L240.0 3.0"
    assert chart.end == (WIDTH, 3.0)
    assert chart.area.endswith(f"L{WIDTH:.1f} {HEIGHT:g} L0.0 {HEIGHT:g} Z")


def test_where_a_value_is_missing_the_line_is_interrupted() -> None:
    assert sparkline([1.0, None, 1.0]).line.count("M") == 2


def test_nothing_is_an_empty_chart() -> None:
    assert sparkline([]).line == ""
    assert sparkline([None, None]).end is None
    assert "nan" not in sparkline([0.0, 0.0]).line
