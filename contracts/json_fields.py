"""Strict readers of JSON values; every refusal names the field and what would be right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MAX_COUNT = 2**63 - 1


class InvalidField(ValueError):  # noqa: N818 - it names what was given, like InvalidReference.
    """A field of a record is wrong; `field` is its name, the message a whole sentence."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}.")
        self.field = field
        self.expected = expected


def read_object(value: Any, name: str, known: frozenset[str]) -> dict[str, Any]:
    """`value` as an object that holds no field outside `known`."""
    if not isinstance(value, dict):
        raise InvalidField(name, "an object")
    if not value.keys() <= known:
        unknown = min(str(key) for key in value.keys() - known)
        raise InvalidField(unknown[:64], f"no such field; the fields are {', '.join(sorted(known))}")
    return value


def read_list(value: Any, name: str, maximum: int) -> list[Any]:
    """`value` as a list of at most `maximum` elements."""
    if not isinstance(value, list) or len(value) > maximum:
        raise InvalidField(name, f"a list of at most {maximum} elements")
    return value


def read_count(value: Any, name: str) -> int:
    """A whole number from 0 to 2^63 - 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise InvalidField(name, "a whole number from 0 to 2^63 - 1")
    return value


def read_number(value: Any, name: str, low: float = 0.0, high: float = 1e18) -> float:
    """A finite number from `low` to `high`."""
    # No comparison with NaN is true, and nothing infinite lies between finite bounds.
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidField(name, f"a number from {low:g} to {high:g}")
    return float(value)


def read_flag(value: Any, name: str) -> bool:
    """true or false; 0 and 1 are refused."""
    if not isinstance(value, bool):
        raise InvalidField(name, "true or false")
    return value


def read_text(value: Any, name: str, maximum: int) -> str:
    """A text of at most `maximum` characters without lone surrogates, so that it can be encoded as UTF-8."""
    if not isinstance(value, str) or len(value) > maximum:
        raise InvalidField(name, f"a text of at most {maximum} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidField(name, "a text that is valid Unicode") from None
    return value


def read_time(value: Any, name: str) -> datetime:
    """An ISO 8601 time with its offset, as a UTC datetime."""
    expected = "an ISO 8601 time with an offset, such as 2026-01-31T12:00:00Z"
    if not isinstance(value, str):
        raise InvalidField(name, expected)
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise InvalidField(name, expected)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(name, expected) from None


def write_time(time: datetime) -> str:
    """ISO 8601 in UTC with a Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
