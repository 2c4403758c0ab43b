"""Says that a platform's limit is near, before it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.platforms import Platform
from gateway.pages.template_filters import moment

NEAR = 0.1
"""The share of a window or a budget below which it is near its end."""


def near_limit(report: Mapping[str, Any], platform: Platform, method: str | None) -> str | None:
    """One sentence where what the fetcher reports has little left for the next lookup by `method`; else None."""
    told = [
        sentence
        for each in report.get("platforms", [])
        if each["platform"] == platform.value
        for sentence in (*_windows(each, platform, method), *_budgets(each, platform))
    ]
    return " ".join(told) or None


def _windows(of: Mapping[str, Any], platform: Platform, method: str | None) -> Iterator[str]:
    for window in of.get("windows", []):
        if method in window["methods"] and window["remaining"] < NEAR * window["limit"]:
            until = f" until {moment(window['reset_at'])}" if window.get("reset_at") else ""
            left = f"{window['remaining']} of {window['limit']}"
            yield f"The limit of {platform.title} is near: {left} lookups left{until}."


def _budgets(of: Mapping[str, Any], platform: Platform) -> Iterator[str]:
    for budget in of.get("budget", []):
        if budget["limit_usd"] and budget["left_usd"] < NEAR * budget["limit_usd"]:
            left = f"${budget['left_usd']:.2f} of ${budget['limit_usd']:.2f}"
            yield f"The budget for {platform.title} is nearly spent: {left} left in {budget['period']}."
