"""For whom and until when a source looks accounts up."""

from __future__ import annotations

from dataclasses import dataclass

from fetcher.limiter.handler import Pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """`deadline` is a moment of the clock; `passed` a grant that the first request of the errand uses."""

    deadline: float
    activity: bool = False
    person: bool = True
    tickets: tuple[str, ...] = ()
    passed: Pass | None = None
