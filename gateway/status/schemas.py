"""The body of /api/v1/status, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.schemas import ServedVersion


class Chart(BaseModel):
    """One figure over time, oldest value first; null where nothing was counted."""

    name: Literal["requests", "errors", "accounts", "p50", "p99", "upstream"]
    unit: Literal["1/s", "share", "s"]
    now: float | None
    values: list[float | None]


class Hop(BaseModel):
    """Calls of this process to one other service in the last ten minutes."""

    hop: str
    calls: int
    failed: int
    p50_s: float | None
    p99_s: float | None


class Service(BaseModel):
    """Whether a part of the system answers."""

    name: str
    up: bool
    note: str


class StatusAnswer(BaseModel):
    """Rates, latencies, limits and versions at once."""

    source: Literal["prometheus", "gateway"] = Field(
        description="Whose charts these are: every replica's, as a Prometheus knows them, or this process's."
    )
    window_s: float = Field(description="How far back the charts go.")
    charts: list[Chart]
    requests_in_flight: int
    accounts: dict[str, int] = Field(description="Accounts by typed outcome since this process started.")
    hops: list[Hop]
    fetcher: dict[str, float | None] = Field(description="Requests to platforms and lookups since the fetcher's start.")
    worker: dict[str, float] = Field(description="What waits now, and the rows done since the worker's start.")
    services: list[Service]
    alerts: list[str] = Field(description="Names of the alerts that fire, where a Prometheus is asked.")
    platforms: list[dict[str, Any]] = Field(description="Windows and budgets, as `/api/v1/limits` gives them.")
    versions: list[ServedVersion]
    effect: str = Field(description="Who answers which accounts, in one sentence.")
