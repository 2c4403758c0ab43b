"""The platforms that Rollcall knows and the rules of their handles and ids."""

from __future__ import annotations

import re
from enum import StrEnum

MAX_ID = 2**63 - 1
"""Both platforms number accounts with signed 64-bit integers."""


class Platform(StrEnum):
    """A platform, under the name that stands in JSON, metrics and configuration."""

    X = "x"
    INSTAGRAM = "instagram"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The name a person reads."""
        return {"x": "X", "instagram": "Instagram"}[self.value]

    def is_handle(self, text: str) -> bool:
        """Whether `text` (without @, any case) can be a handle here."""
        return _HANDLES[self].fullmatch(text) is not None

    @property
    def handle_rule(self) -> str:
        """The rule of `is_handle`, as a sentence for the person who broke it."""
        return _HANDLE_RULES[self]


_ACCOUNT_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_HANDLES = {
    # https://help.x.com/en/managing-your-account/x-username-rules; old accounts have one to three characters.
    Platform.X: re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII),
    # Letters, digits, underscores and single inner dots, at most 30.
    Platform.INSTAGRAM: re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.]{1,30}(?<!\.)", re.ASCII),
}
_HANDLE_RULES = {
    Platform.X: "An X handle has 1 to 15 letters (a to z), digits or underscores.",
    Platform.INSTAGRAM: (
        "An Instagram handle has 1 to 30 letters (a to z), digits, underscores or dots, "
        "with no dot at either end and no two dots in a row."
    ),
}


def is_account_id(text: str) -> bool:
    """Whether `text` can be an immutable account id: a positive 64-bit decimal number without leading zeros."""
    return _ACCOUNT_ID.fullmatch(text) is not None and int(text) <= MAX_ID
