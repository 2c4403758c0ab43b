"""Reads limits.toml strictly: every mistake is collected and named."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.platforms import Platform
from fetcher.errors import ConfigurationError
from fetcher.limiter.rules import Kind, Limits, Penalties, Rules, Window

DEFAULT_FILE = Path(__file__).with_name("limits.toml")
_GENERAL = ("ledger_days", "clock_tolerance_s", "margin_s", "in_flight_s", "pace_from_share")
_PENALTIES = ("rate_limited_s", "rate_limited_max_s", "blocked_s", "not_in_plan_s")
METHODS = {
    Platform.X: frozenset(["users_by_username", "users_by_id"]),
    Platform.INSTAGRAM: frozenset(["web_profile_info", "profile_page", "start_page", "graphql_user"]),
}
"""Every upstream method; each must stand in a window, so that none goes unlimited."""


def read_limits(path: Path = DEFAULT_FILE) -> Limits:
    """Read and check the file; raises ConfigurationError with all its mistakes."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"{path.name} cannot be read: {error}"]) from None
    return _Reader(path.name).limits(document)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._mistakes: list[str] = []

    def limits(self, document: Mapping[str, Any]) -> Limits:
        self._fields(document, "", {*_GENERAL, *Platform})
        general = {key: self._number(document, key, "") for key in _GENERAL}
        if not 0 <= general["pace_from_share"] <= 1:
            self._wrong("pace_from_share", "a share from 0 to 1")
        rules = {platform: self._rules(platform, document.get(platform.value), general) for platform in Platform}
        if self._mistakes:
            raise ConfigurationError(self._mistakes)
        return Limits(rules=rules, ledger_days=general["ledger_days"])

    def _rules(self, platform: Platform, value: Any, general: Mapping[str, float]) -> Rules:
        table = self._table(value, platform.value)
        self._fields(table, platform.value, {"penalties", "windows"})
        penalties = self._table(table.get("penalties"), f"{platform.value}.penalties")
        self._fields(penalties, f"{platform.value}.penalties", set(_PENALTIES))
        listed = table.get("windows")
        if not isinstance(listed, list):
            self._wrong(f"{platform.value}.windows", "a list of tables")
            listed = []
        windows = tuple(self._window(platform, f"{platform.value}.windows[{i}]", w) for i, w in enumerate(listed))
        if missing := METHODS[platform] - frozenset().union(*(window.methods for window in windows)):
            self._wrong(f"{platform.value}.windows", f"a window for {', '.join(sorted(missing))}")
        if len({window.name for window in windows}) < len(windows):
            self._wrong(f"{platform.value}.windows", "names that differ")
        return Rules(
            windows=windows,
            penalties=Penalties(
                **{key: self._number(penalties, key, f"{platform.value}.penalties.") for key in _PENALTIES}
            ),
            pace_from_share=general["pace_from_share"],
            clock_tolerance_s=general["clock_tolerance_s"],
            margin_s=general["margin_s"],
            in_flight_s=general["in_flight_s"],
        )

    def _window(self, platform: Platform, at: str, value: Any) -> Window:
        table = self._table(value, at)
        self._fields(table, at, {"name", "methods", "kind", "limit", "seconds"})
        name, methods, kind, limit = (table.get(key) for key in ("name", "methods", "kind", "limit"))
        if not isinstance(name, str) or not name:
            self._wrong(f"{at}.name", "a name")
        if not isinstance(methods, list) or not methods or not all(one in METHODS[platform] for one in methods):
            self._wrong(f"{at}.methods", f"some of {', '.join(sorted(METHODS[platform]))}")
            methods = []
        if kind not in list(Kind):
            self._wrong(f"{at}.kind", " or ".join(Kind))
            kind = Kind.SLIDING
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 1_000_000:
            self._wrong(f"{at}.limit", "a whole number from 1 to 1,000,000")
            limit = 1
        seconds = self._number(table, "seconds", f"{at}.")
        if not seconds > 0:
            self._wrong(f"{at}.seconds", "more than 0")
        return Window(name=str(name), methods=frozenset(methods), kind=Kind(kind), limit=limit, seconds=seconds)

    def _table(self, value: Any, at: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        self._wrong(at, "a table")
        return {}

    def _fields(self, table: Mapping[str, Any], at: str, known: set[str]) -> None:
        for key in sorted(table.keys() - known):
            self._mistakes.append(f"{self._name}: {at + '.' if at else ''}{key} is unknown")

    def _number(self, table: Mapping[str, Any], key: str, at: str) -> float:
        value = table.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            self._wrong(f"{at}{key}", "a number of at least 0")
            return 0.0
        return float(value)

    def _wrong(self, at: str, expected: str) -> None:
        self._mistakes.append(f"{self._name}: {at}: expected {expected}")
