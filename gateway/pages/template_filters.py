"""How the templates write a handle and a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from contracts.platforms import Platform
from gateway.pages.questions import fields_of
from gateway.wording import percent, span


def add_template_filters(app: Flask) -> None:
    """Make them known to the templates."""
    app.add_template_filter(breakable)
    app.add_template_filter(moment)
    app.add_template_filter(matrix_columns)
    app.add_template_filter(percent)
    app.add_template_filter(span)
    app.add_template_filter(outcome_words, "outcome")
    app.jinja_env.globals["platform_titles"] = {platform.value: platform.title for platform in Platform}
    app.add_template_filter(fields_of, "question_fields")


def breakable(handle: str) -> Markup:
    """A handle that may be broken behind its underscores and dots."""
    return Markup(escape(handle).replace("_", Markup("_<wbr>")).replace(".", Markup(".<wbr>")))  # noqa: S704 - escaped.


def moment(text: str) -> str:
    """An ISO 8601 time of another service for a person, in UTC; what cannot be read stays as it is."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%-d %B, %H:%M:%S UTC")
    except ValueError:
        return text


def outcome_words(outcome: str) -> str:
    """What became of an account, for people."""
    return _OUTCOMES.get(outcome, outcome.replace("-", " "))


_OUTCOMES = {"ok": "answered", "fault": "failed by a fault of ours"}


def matrix_columns(rows: Mapping[str, Any]) -> list[str]:
    """The columns of a mapping that is a table, which is one of mappings that hold single values; else none."""
    columns: dict[str, None] = {}
    for row in rows.values():
        if not isinstance(row, Mapping) or any(isinstance(value, Mapping | list | tuple) for value in row.values()):
            return []
        columns |= dict.fromkeys(row)
    return list(columns)
