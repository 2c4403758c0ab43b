from __future__ import annotations

from gateway.template_filters import breakable, moment


def test_a_handle_breaks_behind_underscores_and_dots_and_is_escaped() -> None:
    assert breakable("reg_tea.house") == "reg_<wbr>tea.<wbr>house"
    assert breakable("<b>") == "&lt;b&gt;"


def test_a_time_is_told_in_utc() -> None:
    assert moment("2026-01-31T13:15:00.25+01:00") == "31 January, 12:15:00 UTC"
    assert moment("later") == "later"
