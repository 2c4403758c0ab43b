"""The bodies of the API of stored results, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from gateway.results.corrections import MOST_COMMENT
from gateway.schemas import ClassName, ModelVersion, Provenance

PlatformName = Literal["x", "instagram"]
State = Literal["pending", "approved", "rejected"]
Scope = Literal["mine", "everyone"]


class AccountPath(BaseModel):
    """An account in an address."""

    platform: PlatformName
    account: str = Field(max_length=64, description="A handle, with or without @, or the account's id, a number.")


class ResultPath(BaseModel):
    """A result in an address."""

    result_id: str = Field(max_length=64)


class CorrectionPath(BaseModel):
    """A correction in an address."""

    correction_id: str = Field(max_length=64)


class StoredAnswer(BaseModel):
    """An answer that your key got earlier."""

    id: str
    platform: PlatformName
    handle: str | None
    account_id: str | None
    label: ClassName
    unsure: bool
    probabilities: dict[ClassName, float]
    confidence: float
    profile: dict[str, Any] = Field(description="The public facts that were read; null is unknown.")
    provenance: Provenance
    model: ModelVersion
    emulated: bool
    asked_at: datetime
    kept_until: datetime


class History(BaseModel):
    """What your key was answered, newest first, at most 100."""

    results: list[StoredAnswer]


class DeletionQuery(BaseModel):
    """Whose things are deleted."""

    scope: Scope | None = Field(
        None,
        description="mine: what your key has of the account. everyone, for operators and their default: whatever "
        "anybody has of it, and the fetcher's cache.",
    )


class Deletion(BaseModel):
    """What was deleted in each place."""

    scope: Scope
    deleted: dict[str, int]
    deleted_at: datetime


class CorrectionRequest(BaseModel):
    """What would have been right."""

    model_config = ConfigDict(extra="forbid")

    result_id: StrictStr = Field(max_length=64, description="`result_id` of an answer.")
    label: ClassName
    comment: StrictStr = Field("", max_length=MOST_COMMENT, description="Why, for the operator who decides.")


class CorrectionQuery(BaseModel):
    """Which corrections are listed."""

    state: State | None = None


class Decision(BaseModel):
    """What an operator decided."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["approved", "rejected"]


class CorrectionAnswer(BaseModel):
    """A correction; `handle` names the account while its result is kept."""

    id: str
    result_id: str
    platform: PlatformName
    handle: str | None
    label: ClassName
    answered_label: ClassName
    model_version: int
    emulated: bool
    comment: str
    state: State
    made_by: str
    made_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class CorrectionList(BaseModel):
    """The newest corrections, at most 200."""

    corrections: list[CorrectionAnswer]
