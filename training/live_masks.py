"""The fields that a live fetch gives, so that figures can be taken as the model will be used."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.activity import ACTIVITY_FIELDS
from contracts.columns import RATE_COLUMNS
from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS
from training.fields import FIELDS

_MEASURES = {
    "username": ("username_length", "username_digits", "username_digit_share"),
    "biography": ("biography_length",),
    "created_at": ("account_age_days",),
}
_ACTIVITY = (*ACTIVITY_FIELDS, *RATE_COLUMNS)


@dataclass(frozen=True, slots=True)
class LiveMask:
    """One kind of live fetch: what it does not give is taken away from a row before it is judged."""

    name: str
    platform: Platform
    facts: tuple[str, ...]

    @property
    def given(self) -> frozenset[str]:
        """The columns of contracts.columns that the fetch gives."""
        measures = [name for fact in self.facts for name in _MEASURES.get(fact, ())]
        activity = _ACTIVITY if "activity" in self.facts else ()
        return frozenset([*self.facts, *measures, *activity])

    @property
    def hidden(self) -> tuple[str, ...]:
        """The columns that features read and that the fetch does not give."""
        return tuple(name for name in FIELDS if name not in self.given)


_INSTAGRAM = MODEL_FACTS[Platform.INSTAGRAM]
LIVE_MASKS = (
    LiveMask("x", Platform.X, MODEL_FACTS[Platform.X]),
    LiveMask("instagram-public", Platform.INSTAGRAM, _INSTAGRAM),
    LiveMask("instagram-without-posts", Platform.INSTAGRAM, tuple(fact for fact in _INSTAGRAM if fact != "activity")),
    LiveMask(
        "instagram-private",
        Platform.INSTAGRAM,
        tuple(fact for fact in _INSTAGRAM if fact not in {"activity", "has_highlight_reels"}),
    ),
)
