"""How the templates write a handle and a time."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from markupsafe import Markup, escape


def add_template_filters(app: Flask) -> None:
    """Make them known to the templates."""
    app.add_template_filter(breakable)
    app.add_template_filter(moment)


def breakable(handle: str) -> Markup:
    """A handle that may be broken behind its underscores and dots."""
    return Markup(escape(handle).replace("_", Markup("_<wbr>")).replace(".", Markup(".<wbr>")))  # noqa: S704 - escaped.


def moment(text: str) -> str:
    """An ISO 8601 time of another service for a person, in UTC; what cannot be read stays as it is."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%-d %B, %H:%M:%S UTC")
    except ValueError:
        return text
