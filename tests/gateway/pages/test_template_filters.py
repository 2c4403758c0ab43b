from __future__ import annotations

from gateway.pages.template_filters import breakable, matrix_columns, moment


def test_a_handle_breaks_behind_underscores_and_dots_and_is_escaped() -> None:
    assert breakable("reg_tea.house") == "reg_<wbr>tea.<wbr>house"
    assert breakable("<b>") == "&lt;b&gt;"


def test_a_time_is_told_in_utc() -> None:
    assert moment("2026-01-31T13:15:00.25+01:00") == "31 January, 12:15:00 UTC"
    assert moment("later") == "later"


def test_a_mapping_of_like_mappings_is_a_table() -> None:
    assert matrix_columns({"bot": {"bot": 9, "fake": 1}, "fake": {"bot": 2}}) == ["bot", "fake"]
    assert matrix_columns({"bot": {"bot": {"deep": 1}}}) == []
    assert matrix_columns({"rows": 7}) == []
