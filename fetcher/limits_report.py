"""What `GET /limits` and the metrics say of every credential in use: windows, pace, penalties, money, prices, line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.fetch_api import Priority
from contracts.json_fields import write_time
from contracts.platforms import Platform
from fetcher.errors import StoreUnavailable
from fetcher.limiter import line, money
from fetcher.limiter.handler import Handler
from fetcher.limiter.rules import MICRO, Rules
from fetcher.limiter.state import State
from fetcher.limiter.window_view import WindowView, view

SESSION = "session"
"""Stands among a platform's methods where there is a login: whether it still holds."""


class LimitsReport:
    """Reads the handler's state of `credentials`, pairs of a platform and a credential's digest.

    `methods` gives the health of each upstream method of a platform, as JSON; `waiting` how many accounts wait.
    """

    def __init__(
        self,
        handler: Handler,
        credentials: Sequence[tuple[Platform, str]],
        *,
        emulated: bool,
        methods: Callable[[Platform], list[dict[str, Any]]],
        waiting: Callable[[Platform], Mapping[Priority, int]],
    ) -> None:
        self._handler = handler
        self._waiting = waiting
        self._credentials = credentials
        self._methods = methods
        self.emulated = emulated

    def document(self) -> dict[str, Any]:
        """Everything of every credential; raises StoreUnavailable."""
        return {
            "emulated": self.emulated,
            "platforms": [self._platform(platform, credential) for platform, credential in self._credentials],
        }

    def _platform(self, platform: Platform, credential: str) -> dict[str, Any]:
        rules, state, now = self._handler.state(platform, credential)
        live = [ticket for ticket in state.line if ticket.expires > now]
        return {
            "platform": platform.value,
            "credential": credential,
            "windows": [_window(window) for window in view(rules, state, now)],
            "penalties": [
                {"scope": scope, "reason": penalty.reason.value, "until": _time(penalty.until)}
                for scope, penalty in sorted(state.penalties.items())
                if penalty.until > now
            ],
            "spent_until": _time(state.spent_until) if state.spent_until > now else None,
            "budget": _budget(rules, state, now),
            "prices": dict(rules.prices),
            "spacing_s": rules.spacing_s,
            "tickets": {"person": sum(each.person for each in live), "batch": sum(not each.person for each in live)},
            "methods": self._methods(platform),
        }

    def place(self, ticket: str) -> dict[str, Any]:
        """Where `ticket` stands: earlier tickets of its priority, and its time; nulls where it keeps no place.

        Raises StoreUnavailable.
        """
        for platform, credential in self._credentials:
            rules, state, now = self._handler.state(platform, credential)
            position = line.position(rules, state, ticket, now)
            if position is not None:
                due = min(each.due for each in state.line if each.id == ticket)
                return {"platform": platform.value, "position": position, "retry_at": _time(due)}
        return {"platform": None, "position": None, "retry_at": None}

    def gauges(self) -> Iterator[tuple[str, str, float, float, float, float, float]]:
        """Platform, window, limit, used, remaining, seconds to the reset and pace; nothing while the store is down."""
        for platform, credential in self._credentials:
            try:
                rules, state, now = self._handler.state(platform, credential)
            except StoreUnavailable:
                continue
            for window in view(rules, state, now):
                reset_s = max(0.0, (window.reset_at or now) - now)
                counts = (window.limit, window.used, window.remaining)
                yield platform.value, window.name, *counts, reset_s, window.pace_s

    def money(self) -> Iterator[tuple[str, str, float | None, float]]:
        """Platform, `day` or `month`, budget (None is no bound) and what is spent, in US dollars.

        Nothing for platforms without prices, and while the store is down.
        """
        for platform, credential in self._credentials:
            try:
                rules, state, now = self._handler.state(platform, credential)
            except StoreUnavailable:
                continue
            if not rules.prices:
                continue
            # Around midnight two days are open; the fuller one binds.
            spent: dict[str, int] = {"day": 0, "month": 0}
            for period in money.periods(rules, now):
                name = "day" if len(period) > 7 else "month"
                spent[name] = max(spent[name], state.spending.get(period, 0))
            bounds = {"day": rules.budget.day_usd, "month": rules.budget.month_usd}
            for name, amount in spent.items():
                yield platform.value, name, bounds[name], amount / MICRO

    def health(self) -> Iterator[tuple[str, str, float, float]]:
        """Platform, method, 1 where its breaker is open (else 0), and its share of missing fields."""
        for platform, _ in self._credentials:
            for method in self._methods(platform):
                if method["method"] != SESSION:
                    is_open = float(method["breaker"] != "closed")
                    yield platform.value, method["method"], is_open, method["missing_share"]

    def queue(self) -> Iterator[tuple[str, str, float, float]]:
        """Platform, priority, accounts that wait for a request here, and tickets; nothing while the store is down."""
        for platform, credential in self._credentials:
            try:
                _, state, now = self._handler.state(platform, credential)
            except StoreUnavailable:
                continue
            waiting = self._waiting(platform)
            for priority in Priority:
                person = priority is Priority.PERSON
                tickets = sum(each.person is person for each in state.line if each.expires > now)
                yield platform.value, priority.value, waiting[priority], tickets

    def store_up(self) -> Iterator[tuple[float]]:
        """1 where the store can be read, else 0."""
        yield (float(self.store_answers()),)

    def sessions(self) -> Iterator[tuple[str, float, float | None]]:
        """Platform, 1 where its login is refused (else 0), and when it was saved; nothing without a login."""
        for platform, _ in self._credentials:
            for method in self._methods(platform):
                if method["method"] == SESSION:
                    yield platform.value, float(method["breaker"] != "closed"), method.get("saved_at_unix")

    def store_answers(self) -> bool:
        """Whether the store can be read."""
        try:
            self.document()
        except StoreUnavailable:
            return False
        return True


def _window(window: WindowView) -> dict[str, Any]:
    return {
        "name": window.name,
        "methods": list(window.methods),
        "seconds": window.seconds,
        "limit": window.limit,
        "used": window.used,
        "remaining": window.remaining,
        "reset_at": _time(window.reset_at),
        "for_people": window.for_people,
        "pace_s": round(window.pace_s, 3),
        "allowance": round(window.allowance, 3),
    }


def _budget(rules: Rules, state: State, now: float) -> list[dict[str, Any]]:
    return [
        {"period": period, "limit_usd": bound / MICRO, "spent_usd": spent / MICRO, "left_usd": (bound - spent) / MICRO}
        for period, bound, spent in money.left(rules, state, now)
    ]


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else write_time(datetime.fromtimestamp(seconds, UTC))
