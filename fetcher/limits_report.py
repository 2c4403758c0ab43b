"""What `GET /limits` and the metrics say of every credential in use: windows, pace, penalties, money, prices, line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.json_fields import write_time
from contracts.platforms import Platform
from fetcher.errors import StoreUnavailable
from fetcher.limiter import money
from fetcher.limiter.handler import Handler
from fetcher.limiter.rules import MICRO, Rules
from fetcher.limiter.state import State
from fetcher.limiter.window_view import WindowView, view


class LimitsReport:
    """Reads the handler's state of `credentials`, pairs of a platform and a credential's digest.

    `methods` gives the health of each upstream method of a platform, as JSON.
    """

    def __init__(
        self,
        handler: Handler,
        credentials: Sequence[tuple[Platform, str]],
        *,
        emulated: bool,
        methods: Callable[[Platform], list[dict[str, Any]]],
    ) -> None:
        self._handler = handler
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

    def gauges(self) -> Iterator[tuple[str, str, float, float, float, float]]:
        """Platform, window, limit, used, remaining and seconds to the reset; nothing while the store is down."""
        for platform, credential in self._credentials:
            try:
                rules, state, now = self._handler.state(platform, credential)
            except StoreUnavailable:
                continue
            for window in view(rules, state, now):
                reset_s = max(0.0, (window.reset_at or now) - now)
                yield platform.value, window.name, window.limit, window.used, window.remaining, reset_s

    def money(self) -> Iterator[tuple[str, str, float, float]]:
        """Platform, `day` or `month`, budget and what is spent, in US dollars; nothing while the store is down."""
        for platform, credential in self._credentials:
            try:
                rules, state, now = self._handler.state(platform, credential)
            except StoreUnavailable:
                continue
            # Around midnight two days are open; the fuller one binds.
            found: dict[str, tuple[float, float]] = {}
            for period, bound, spent in money.left(rules, state, now):
                name = "day" if len(period) > 7 else "month"
                found[name] = max(found.get(name, (0.0, 0.0)), (bound / MICRO, spent / MICRO))
            for name, (bound_usd, spent_usd) in found.items():
                yield platform.value, name, bound_usd, spent_usd

    def health(self) -> Iterator[tuple[str, str, float, float]]:
        """Platform, method, 1 where its breaker is open (else 0), and its share of missing fields."""
        for platform, _ in self._credentials:
            for method in self._methods(platform):
                is_open = float(method["breaker"] != "closed")
                yield platform.value, method["method"], is_open, method.get("missing_share", 0.0)

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
