"""Reads limits.toml strictly: every mistake is collected and named."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from contracts.platforms import Platform
from fetcher.errors import ConfigurationError
from fetcher.limiter.rules import Budget, Kind, Limits, Penalties, Rules, Window

DEFAULT_FILE = Path(__file__).with_name("limits.toml")
_GENERAL = (
    "ledger_days", "clock_tolerance_s", "margin_s", "in_flight_s", "pace_from_share", "people_share",
    "ticket_grace_s", "patience_s",
)  # fmt: skip
_SHARES = ("pace_from_share", "people_share")
_BUDGET = ("day_usd", "month_usd")
_PENALTIES = ("rate_limited_s", "rate_limited_max_s", "blocked_s", "not_in_plan_s")
METHODS = {
    Platform.X: frozenset(["users_by_username", "users_by_id"]),
    Platform.INSTAGRAM: frozenset(["web_profile_info", "profile_page", "start_page", "graphql_user"]),
}
"""Every upstream method; each must stand in a window, so that none goes unlimited."""


def read_limits(path: Path = DEFAULT_FILE, overrides: str = "") -> Limits:
    """Read and check the file, changed by `overrides`; raises ConfigurationError with all mistakes.

    Overrides are assignments with semicolons between them, a window by its name:
    `x.budget.day_usd=2; instagram.windows.other.limit=20; people_share=0.2`. The limit of a window is then the most of
    it as well: whoever lowers it means it, whatever the platform's headers name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"{path.name} cannot be read: {error}"]) from None
    reader = _Reader(path.name)
    for assignment in filter(str.strip, overrides.split(";")):
        reader.override(document, assignment)
    return reader.limits(document)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._mistakes: list[str] = []

    def override(self, document: dict[str, Any], assignment: str) -> None:
        """Put one `path=value` into the document."""
        place, _, text = assignment.partition("=")
        *path, last = (part.strip() for part in place.split("."))
        table: Any = document
        for part in path:
            if isinstance(table, list):
                table = next((each for each in table if isinstance(each, dict) and each.get("name") == part), None)
            else:
                table = table.get(part) if isinstance(table, dict) else None
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except ValueError:
            value = None
        if not isinstance(table, dict) or value is None:
            self._mistakes.append(f"{assignment.strip()!r} is no assignment to a limit, such as x.budget.day_usd=2")
            return
        table[last] = value
        if "methods" in table and last == "limit":
            table["most"] = value

    def limits(self, document: Mapping[str, Any]) -> Limits:
        self._fields(document, "", {*_GENERAL, *Platform})
        general = {key: self._number(document, key, "") for key in _GENERAL}
        for name in _SHARES:
            if not 0 <= general[name] <= 1:
                self._wrong(name, "a share from 0 to 1")
        rules = {platform: self._rules(platform, document.get(platform.value), general) for platform in Platform}
        if self._mistakes:
            raise ConfigurationError(self._mistakes)
        return Limits(rules=rules, ledger_days=general["ledger_days"])

    def _rules(self, platform: Platform, value: Any, general: Mapping[str, float]) -> Rules:
        table = self._table(value, platform.value)
        self._fields(table, platform.value, {"penalties", "windows", "budget", "prices", "spacing_s"})
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
            spacing_s=self._number(table, "spacing_s", f"{platform.value}."),
            budget=self._budget(platform, table.get("budget")),
            prices=self._prices(platform, table.get("prices")),
            **{name: value for name, value in general.items() if name != "ledger_days"},
        )

    def _budget(self, platform: Platform, value: Any) -> Budget:
        at = f"{platform.value}.budget"
        table = self._table(value, at)
        self._fields(table, at, set(_BUDGET))
        return Budget(**{key: self._number(table, key, f"{at}.") or None for key in _BUDGET})

    def _prices(self, platform: Platform, value: Any) -> dict[str, float]:
        at = f"{platform.value}.prices"
        table = self._table(value, at)
        self._fields(table, at, set(METHODS[platform]))
        return {key: self._number(table, key, f"{at}.") for key in table}

    def _window(self, platform: Platform, at: str, value: Any) -> Window:
        table = self._table(value, at)
        self._fields(table, at, {"name", "methods", "kind", "limit", "most", "seconds"})
        name, methods, kind, limit = (table.get(key) for key in ("name", "methods", "kind", "limit"))
        if not isinstance(name, str) or not name:
            self._wrong(f"{at}.name", "a name")
        if not isinstance(methods, list) or not methods or not all(one in METHODS[platform] for one in methods):
            self._wrong(f"{at}.methods", f"some of {', '.join(sorted(METHODS[platform]))}")
            methods = []
        if kind not in list(Kind):
            self._wrong(f"{at}.kind", " or ".join(Kind))
            kind = Kind.SLIDING
        most = table.get("most")
        for key, count in (("limit", limit), *([("most", most)] if "most" in table else [])):
            if not _is_count(count):
                self._wrong(f"{at}.{key}", "a whole number from 1 to 1,000,000")
        seconds = self._number(table, "seconds", f"{at}.")
        if not seconds > 0:
            self._wrong(f"{at}.seconds", "more than 0")
        return Window(
            name=str(name),
            methods=frozenset(methods),
            kind=Kind(kind),
            limit=limit if _is_count(limit) else 1,
            seconds=seconds,
            most=most if _is_count(most) else None,
        )

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


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000
