"""What `GET /limits` and the metrics say of every window of every credential in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.json_fields import write_time
from contracts.platforms import Platform
from fetcher.clock import Clock
from fetcher.errors import StoreUnavailable
from fetcher.limiter.handler import Handler


class LimitsReport:
    """Reads the handler's state of `credentials`, pairs of a platform and a credential's digest."""

    def __init__(
        self, handler: Handler, credentials: Sequence[tuple[Platform, str]], clock: Clock, *, emulated: bool
    ) -> None:
        self._handler = handler
        self._credentials = credentials
        self._clock = clock
        self.emulated = emulated

    def document(self) -> dict[str, Any]:
        """Every window (limit, used, remaining, reset_at) and penalty; raises StoreUnavailable."""
        platforms = []
        for platform, credential in self._credentials:
            windows, state = self._handler.views(platform, credential)
            now = self._clock.now()
            platforms.append(
                {
                    "platform": platform.value,
                    "credential": credential,
                    "windows": [
                        {
                            "name": window.name,
                            "methods": list(window.methods),
                            "seconds": window.seconds,
                            "limit": window.limit,
                            "used": window.used,
                            "remaining": window.remaining,
                            "reset_at": _time(window.reset_at),
                        }
                        for window in windows
                    ],
                    "penalties": [
                        {"scope": scope, "reason": penalty.reason.value, "until": _time(penalty.until)}
                        for scope, penalty in sorted(state.penalties.items())
                        if penalty.until > now
                    ],
                }
            )
        return {"emulated": self.emulated, "platforms": platforms}

    def gauges(self) -> Iterator[tuple[str, str, float, float, float, float]]:
        """Platform, window, limit, used, remaining and seconds to the reset; nothing while the store is down."""
        for platform, credential in self._credentials:
            try:
                windows, _ = self._handler.views(platform, credential)
            except StoreUnavailable:
                continue
            now = self._clock.now()
            for window in windows:
                reset_s = max(0.0, (window.reset_at or now) - now)
                yield platform.value, window.name, window.limit, window.used, window.remaining, reset_s

    def store_answers(self) -> bool:
        """Whether the store can be read."""
        try:
            self.document()
        except StoreUnavailable:
            return False
        return True


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else write_time(datetime.fromtimestamp(seconds, UTC))
