"""The bodies of /api/v1/batches, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask_openapi3.models import RawModel
from pydantic import BaseModel, BeforeValidator, Field

from gateway.batches.accounts import MOST_ACCOUNTS
from gateway.batches.submission import MEDIA_TYPES
from gateway.schemas import ClassName

PlatformName = Literal["x", "instagram"]
State = Literal["planned", "running", "paused", "finished", "cancelled"]
OutcomeName = Literal[
    "ok",
    "not-found",
    "suspended",
    "blocked",
    "login-required",
    "rate-limited",
    "budget-spent",
    "not-in-plan",
    "upstream-error",
    "cancelled",
    "deleted",
]
BatchId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class AccountList(RawModel):
    """A list of accounts in one of these formats."""

    mimetypes = list(MEDIA_TYPES)


class Idempotency(BaseModel):
    """The header that makes a request that is sent twice one."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        max_length=255,
        description="The same key with the same body gives the same batch.",
    )


class NewBatchQuery(BaseModel):
    """Settings of a list that is sent as text; a JSON object holds them itself."""

    platform: PlatformName | None = Field(None, description="What bare handles and ids belong to.")
    name: str | None = Field(None, max_length=200)
    explain: bool | None = Field(None, description="Keep each account's strongest contributions.")


class BatchPath(BaseModel):
    """Which batch."""

    batch_id: BatchId


class Pin(BaseModel):
    """Which version of the model; the stable one where none is named."""

    model_version: Annotated[int, Field(ge=1, le=2**62)] | None = None


def _written_out(value: Any) -> Any:
    """Pydantic would also take a bare number for a time."""
    if isinstance(value, str) and "T" not in value.upper():
        raise ValueError("A time must be written as 2026-01-31T12:00:00Z")
    return value


class Paging(BaseModel):
    """A page of the newest batches."""

    most: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[datetime, BeforeValidator(_written_out)] | None = Field(
        None, description="Only batches that were made before; `next` of the page before."
    )


class LinesQuery(BaseModel):
    """A page of lines."""

    after: Annotated[int, Field(ge=0, le=10**9)] = 0
    most: Annotated[int, Field(ge=1, le=1000)] = 100


class RowsQuery(BaseModel):
    """Which rows, and in which order."""

    outcome: OutcomeName | None = None
    label: ClassName | None = None
    unsure: bool | None = None
    sort: Literal["line", "handle", "outcome", "label", "confidence", "regular", "bot", "influencer", "fake"] = "line"
    order: Literal["asc", "desc"] = "asc"
    page: Annotated[int, Field(ge=1, le=MOST_ACCOUNTS)] = 1
    size: Annotated[int, Field(ge=1, le=200)] = 50


class ExportQuery(BaseModel):
    """Which rows and columns of a download."""

    outcome: OutcomeName | None = None
    label: ClassName | None = None
    unsure: bool | None = None
    columns: str | None = Field(None, max_length=400, description="More columns, with commas between them, or `all`.")


class PlatformPlan(BaseModel):
    """What one platform's accounts need."""

    platform: PlatformName
    accounts: int
    cached: int
    requests: int
    usd: float
    finish_at: datetime | None


class Plan(BaseModel):
    """What a batch needs: accounts known from the cache, requests, dollars, minutes."""

    accounts: int
    cached: int
    requests: int
    usd: float
    minutes: float | None
    finish_at: datetime | None
    platforms: list[PlatformPlan]


class ProgressReport(BaseModel):
    """How far a batch has come."""

    rows: dict[str, int]
    outcomes: dict[str, int]
    labels: dict[str, int]
    unsure: int
    per_minute: float
    eta_at: datetime | None
    waiting_until: datetime | None
    waiting_for: str | None


class BatchReport(BaseModel):
    """A batch."""

    id: str
    name: str
    state: State
    note: str | None = Field(description="Why it is paused, where it was not asked for.")
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    rows: int = Field(description="Accounts that are looked up.")
    duplicates: int
    bad_lines: int
    plan: Plan | None
    planned_at: datetime | None
    explain: bool
    model_version: int | None
    emulated: bool
    progress: ProgressReport | None = None


class BatchList(BaseModel):
    """The newest batches; `next` is the `before` of the following page."""

    batches: list[BatchReport]
    next: datetime | None


class RefusedLine(BaseModel):
    """A line that became no row."""

    line: int
    kind: Literal["bad", "duplicate"]
    detail: str


class RefusedLines(BaseModel):
    """Lines that became no rows; `next` is the `after` of the following page."""

    lines: list[RefusedLine]
    next: int | None


class NewBatchReport(BatchReport):
    """A batch with the first of the lines that became no rows."""

    refused: list[RefusedLine]


class RowReport(BaseModel):
    """One account of a batch."""

    line: int
    platform: PlatformName
    id: str | None
    handle: str | None
    url: str | None
    state: Literal["waiting", "claimed", "done"]
    outcome: OutcomeName | None
    detail: str | None
    label: ClassName | None
    unsure: bool | None
    regular: float | None
    bot: float | None
    influencer: float | None
    fake: float | None
    confidence: float | None
    model_version: int | None
    facts_known: int | None
    fetched_at: datetime | None
    method: str | None
    cached: bool | None
    contributions: dict[str, float]
    notice: str


class RowsReport(BaseModel):
    """A page of rows and how many there are of that choice."""

    total: int
    rows: list[RowReport]
