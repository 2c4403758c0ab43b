"""One answer as it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from contracts.json_fields import write_time
from contracts.model import MODEL_NAME
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from gateway.assessment import Assessment
from gateway.results.accounts import AccountHashes, names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """Who asked (`owner`), what was read and what was answered. Times are seconds since the epoch."""

    id: str
    owner: str
    platform: Platform
    account_id: str | None
    handle: str | None
    id_hash: str | None
    handle_hash: str | None
    profile: Profile
    label: str
    unsure: bool
    probabilities: Mapping[str, float]
    confidence: float
    model_version: int
    method: str | None
    cached: bool
    emulated: bool
    private: bool | None
    fetched_at: float
    asked_at: float
    checked_at: float
    expires_at: float

    @classmethod
    def of(
        cls, owner: str, answer: Assessment, hashes: AccountHashes, *, asked_at: float, kept_s: float
    ) -> StoredResult:
        """What is kept of `answer`, which `owner` got at `asked_at`, for `kept_s` seconds."""
        by_id, by_handle = names_of(answer.profile, answer.ref)
        return cls(
            id=uuid4().hex,
            owner=owner,
            platform=answer.profile.platform,
            account_id=by_id.id if by_id else None,
            handle=by_handle.handle if by_handle else None,
            id_hash=hashes.of(by_id) if by_id else None,
            handle_hash=hashes.of(by_handle) if by_handle else None,
            profile=answer.profile,
            label=answer.label,
            unsure=answer.unsure,
            probabilities=answer.probabilities,
            confidence=answer.confidence,
            model_version=answer.version.number,
            method=answer.method,
            cached=answer.cached,
            emulated=answer.emulated,
            private=answer.profile.private,
            fetched_at=answer.profile.fetched_at.timestamp(),
            asked_at=asked_at,
            checked_at=answer.profile.fetched_at.timestamp(),
            expires_at=asked_at + kept_s,
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> StoredResult:
        """Read a row of the table."""
        return cls(
            **{
                **row,
                "platform": Platform(row["platform"]),
                "profile": Profile.from_json(json.loads(row["profile"])),
                "probabilities": json.loads(row["probabilities"]),
            }
        )

    def to_row(self) -> dict[str, Any]:
        """The row of the table."""
        row = {name: getattr(self, name) for name in self.__slots__}
        profile = {name: value for name, value in self.profile.to_json().items() if value is not None}
        return row | {
            "platform": self.platform.value,
            "profile": json.dumps(profile, ensure_ascii=False, separators=(",", ":")),
            "probabilities": json.dumps(dict(self.probabilities), separators=(",", ":")),
        }

    @property
    def names(self) -> list[ProfileRef]:
        """Every name by which the account is known here."""
        names = [ProfileRef(self.platform, id=self.account_id)] if self.account_id else []
        return [*names, ProfileRef(self.platform, handle=self.handle)] if self.handle else names

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        facts = self.profile.to_json()
        del facts["fetched_at"]
        return {
            "id": self.id,
            "platform": self.platform.value,
            "handle": self.profile.username or self.handle,
            "account_id": self.account_id,
            "label": self.label,
            "unsure": self.unsure,
            "probabilities": dict(self.probabilities),
            "confidence": self.confidence,
            "profile": facts,
            "provenance": {"fetched_at": time_text(self.fetched_at), "method": self.method, "cached": self.cached},
            "model": {"name": MODEL_NAME, "version": self.model_version},
            "emulated": self.emulated,
            "asked_at": time_text(self.asked_at),
            "kept_until": time_text(self.expires_at),
        }


def time_of(seconds: float) -> datetime:
    """The time (UTC) of a table's seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def time_text(seconds: float) -> str:
    """The same as the API writes it."""
    return write_time(time_of(seconds))
