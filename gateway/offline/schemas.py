"""The bodies of `POST /api/v1/score`, as the OpenAPI document shows them."""

from __future__ import annotations

from flask_openapi3.models import RawModel
from pydantic import BaseModel, Field

from gateway.offline.documents import Format
from gateway.schemas import ClassName, ModelVersion

MEDIA_TYPES = {
    "application/json": Format.JSON,
    "application/jsonl": Format.JSONL,
    "application/x-ndjson": Format.JSONL,
    "text/csv": Format.CSV,
}
JSON_LINES = "application/jsonl"


class Records(RawModel):
    """Profiles in one of these formats; docs/offline.md tells their fields."""

    mimetypes = list(MEDIA_TYPES)


class ScoredRecord(BaseModel):
    """One record: `error`, or everything else."""

    line: int = Field(description="The line on which it stands; its place, from 1, in a JSON list.")
    error: str | None = None
    platform: str | None = None
    id: str | None = Field(None, description="What the record calls itself.")
    label: ClassName | None = None
    unsure: bool | None = None
    probabilities: dict[ClassName, float] | None = None
    confidence: float | None = None


class ScoreAnswer(BaseModel):
    """Every record in its order. It says what accounts look like and is no basis for adverse action."""

    results: list[ScoredRecord]
    model: ModelVersion
    request_id: str
