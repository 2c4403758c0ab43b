"""From entries to accounts: good ones kept, duplicates and bad ones reported with their line and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.platforms import Platform
from contracts.profile_ref import ROUNDED, InvalidReference, ProfileRef, is_rounded
from gateway.batches.errors import UnreadableListError
from gateway.batches.given import Given
from gateway.rounded_ids import looks_rounded, were_rounded

MOST_ACCOUNTS = 100_000

_PLATFORMS = {"x": Platform.X, "twitter": Platform.X, "instagram": Platform.INSTAGRAM, "ig": Platform.INSTAGRAM}


class Complaint(StrEnum):
    """Why a line became no row."""

    BAD = "bad"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that became no row; `detail` is one sentence that does not repeat what was given."""

    line: int
    kind: Complaint
    detail: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a list came to: each account once with the line that named it first, and the lines that were refused."""

    rows: list[tuple[int, ProfileRef]]
    refused: list[Refused]

    def count(self, kind: Complaint) -> int:
        """How many lines were refused for that."""
        return sum(each.kind is kind for each in self.refused)


def read_accounts(entries: Iterable[Given], platform: Platform | None, *, most: int = MOST_ACCOUNTS) -> Accounts:
    """Sort the entries out; `platform` says what bare handles and ids belong to where the entry does not.

    Raises UnreadableListError where there are more than `most` entries.
    """
    rows: list[tuple[int, ProfileRef]] = []
    refused: list[Refused] = []
    seen: dict[ProfileRef, int] = {}
    ids: list[str] = []
    for count, given in enumerate(entries, 1):
        if count > most:
            raise UnreadableListError(f"The list holds more than {most:,} accounts; send it in parts.")
        try:
            ref = _read(given, platform)
        except InvalidReference as error:
            refused.append(Refused(given.line, Complaint.BAD, str(error)))
            continue
        if ref.id:
            ids.append(ref.id)
        if (line := seen.setdefault(ref, given.line)) != given.line:
            refused.append(Refused(given.line, Complaint.DUPLICATE, f"The same account stands in line {line}."))
        else:
            rows.append((given.line, ref))
    accounts = Accounts(rows, refused)
    return _without_rounded(accounts) if were_rounded(ids) else accounts


def _without_rounded(accounts: Accounts) -> Accounts:
    """One id that ends in zeros may be true; many of a list were rounded, and would name strangers."""
    rounded = {line for line, ref in accounts.rows if ref.id and looks_rounded(ref.id)}
    told = [Refused(line, Complaint.BAD, ROUNDED) for line in rounded]
    kept = [row for row in accounts.rows if row[0] not in rounded]
    return Accounts(kept, sorted([*accounts.refused, *told], key=lambda each: each.line))


def _read(given: Given, platform: Platform | None) -> ProfileRef:
    if given.wrong is not None:
        raise InvalidReference(given.wrong)
    if given.platform:
        named = _PLATFORMS.get(given.platform.lower())
        if named is None:
            if is_rounded(f"{given.account},{given.platform}"):  # With a decimal comma, which took it apart.
                raise InvalidReference(ROUNDED)
            raise InvalidReference(
                "The platform of this line must be x or instagram; each account stands on a line of its own."
            )
        platform = named
    return ProfileRef.parse(given.account, platform)
