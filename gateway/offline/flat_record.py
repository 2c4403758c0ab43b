"""A record whose fields have our own names: those of contracts/profile.py, and those of labelled data.

Numbers and flags may also be texts, as CSV has them; an empty one is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.activity import ACTIVITY_FIELDS, Activity
from contracts.columns import MEASURE_COLUMNS, RATE_COLUMNS
from contracts.json_fields import MAX_COUNT, InvalidField, read_object, read_text
from contracts.platforms import Platform
from contracts.profile import Profile

TEXT_LIMITS = {"username": 64, "display_name": 256, "biography": 4096}
"""Characters at most."""
COUNTS = ("followers", "following", "posts", "likes_given", "listed")
FLAGS = ("has_avatar", "has_url", "has_highlight_reels")
IDS = ("id", "row_id")
"""What a record may call itself by; the first that is there."""
TIMES = ("fetched_at", "collected_at")
MAX_ID_CHARACTERS = 64
MAX_AMOUNT = 1e18
_FLAG_WORDS = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}


def read(record: Mapping[str, Any], now: datetime) -> tuple[Profile, str | None, dict[str, float]]:
    """The profile, what the record calls itself, and the measures beside the profile; raises InvalidField."""
    platform = record["platform"]
    if not isinstance(platform, str) or platform not in list(Platform):
        raise InvalidField("platform", f"one of {', '.join(Platform)}")
    activity = record.get("activity")
    if not _is_unknown(activity):
        record = {**record, **read_object(activity, "activity", frozenset(ACTIVITY_FIELDS))}
    known: dict[str, Any] = {name: _read(record, name, _count) for name in (*COUNTS, "posts_seen")}
    known |= {name: _read(record, name, _flag) for name in FLAGS}
    known |= {name: _read(record, name, _text(limit)) for name, limit in TEXT_LIMITS.items()}
    amounts = {
        name: _read(record, name, _amount(maximum_of(name)))
        for name in (*ACTIVITY_FIELDS[1:], *MEASURE_COLUMNS, *RATE_COLUMNS)
    }
    if known["biography"] is None and amounts["biography_length"] == 0:
        known["biography"] = ""
    profile = Profile(
        platform=Platform(platform),
        fetched_at=_first(record, TIMES, _time) or now,
        created_at=_read(record, "created_at", _time),
        activity=_activity(known.pop("posts_seen"), amounts),
        **known,
    )
    measures = {name: amount for name in (*MEASURE_COLUMNS, *RATE_COLUMNS) if (amount := amounts[name]) is not None}
    return profile, _first(record, IDS, _id), measures


def maximum_of(name: str) -> float:
    """The largest value of a number that is no count."""
    return 1.0 if name.endswith("_share") or name == "caption_similarity_mean" else MAX_AMOUNT


def _activity(posts_seen: int | None, amounts: Mapping[str, float | None]) -> Activity | None:
    statistics = {name: amounts[name] for name in ACTIVITY_FIELDS[1:] if amounts[name] is not None}
    if posts_seen is None and not statistics:
        return None
    return Activity(posts_seen=posts_seen or 0, **statistics)


def _read(record: Mapping[str, Any], name: str, read: Callable[[Any, str], Any]) -> Any:
    value = record.get(name)
    return None if _is_unknown(value) and not (value == "" and name in TEXT_LIMITS) else read(value, name)


def _first(record: Mapping[str, Any], names: tuple[str, ...], read: Callable[[Any, str], Any]) -> Any:
    return next((found for name in names if (found := _read(record, name, read)) is not None), None)


def _is_unknown(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _number(value: Any, expected: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidField(name, expected)
    try:
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else float(value)
    except (ValueError, OverflowError):
        raise InvalidField(name, expected) from None
    if not math.isfinite(number):
        raise InvalidField(name, expected)
    return number


def _count(value: Any, name: str) -> int:
    expected = "a whole number from 0 to 2^63 - 1"
    number = value if isinstance(value, int) and not isinstance(value, bool) else _number(value, expected, name)
    if number != int(number) or not 0 <= number <= MAX_COUNT:
        raise InvalidField(name, expected)
    return int(number)


def _amount(maximum: float) -> Callable[[Any, str], float]:
    def read(value: Any, name: str) -> float:
        expected = f"a number from 0 to {maximum:g}"
        number = _number(value, expected, name)
        if not 0 <= number <= maximum:
            raise InvalidField(name, expected)
        return float(number)

    return read


def _flag(value: Any, name: str) -> bool:
    word = str(value).lower() if isinstance(value, bool | int | float | str) else ""
    if word not in _FLAG_WORDS:
        raise InvalidField(name, "true or false")
    return _FLAG_WORDS[word]


def _text(maximum: int) -> Callable[[Any, str], str]:
    return lambda value, name: read_text(value, name, maximum)


def _id(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return read_text(value, name, MAX_ID_CHARACTERS)


def _time(value: Any, name: str) -> datetime | None:
    """A time, or the day on which it was; one without an offset is UTC."""
    expected = "an ISO 8601 time, such as 2026-01-31T12:00:00Z or 2026-01-31"
    if not isinstance(value, str):
        raise InvalidField(name, expected)
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(name, expected) from None
