"""A platform's facts as a record that every reader of the agreement takes.

One count that is no number would otherwise make the answer unreadable for whoever asked, together with all accounts of
the same request, and would be kept as an answer until its time is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.activity import Activity
from contracts.json_fields import InvalidField, write_time
from contracts.platforms import Platform
from contracts.profile import READERS, Profile


def readable_profile(*, platform: Platform, fetched_at: datetime, **facts: Any) -> Profile:
    """The profile; a fact of another form than contracts/profile.py agrees on is unknown."""
    known = {name: value for name, value in facts.items() if value is not None and _is_readable(name, value)}
    return Profile(platform=platform, fetched_at=fetched_at, **known)


def _is_readable(name: str, value: Any) -> bool:
    try:
        if isinstance(value, datetime):
            value = write_time(value)
        elif isinstance(value, Activity):
            value = value.to_json()
        READERS[name](value, name)
    except (InvalidField, ValueError, OverflowError):
        return False
    return True
