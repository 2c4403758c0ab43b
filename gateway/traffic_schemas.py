"""The bodies of /api/v1/model/traffic, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

Share = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]


class BoundsChange(BaseModel):
    """What a canary must keep to. A bound that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    max_error_rate: Share | None = Field(None, description="Of the canary's requests that stable could answer.")
    max_latency_ratio: Annotated[float, Field(ge=1, le=1000, strict=True, allow_inf_nan=False)] | None = Field(
        None, description="About the 99th percentile of the canary over that of stable, or over 10 ms if that is more."
    )
    min_agreement: Share | None = Field(None, description="Share of the compared accounts with the same label.")
    min_requests: Annotated[int, Field(ge=1, le=500, strict=True)] | None = Field(
        None, description="Nothing is judged over fewer, unless so many went wrong that the bound is broken anyway."
    )


class TrafficChange(BaseModel):
    """What an operator wants. What is left out stays as it is; a canary_share takes note of a rollback away."""

    model_config = ConfigDict(extra="forbid")

    canary_share: Share | None = Field(None, description="Share of the accounts that the canary answers.")
    shadow: StrictBool | None = Field(None, description="Also ask the version that does not answer, and compare.")
    bounds: BoundsChange | None = None


class Bounds(BaseModel):
    """What a canary must keep to, else its share becomes 0."""

    max_error_rate: float
    max_latency_ratio: float
    min_agreement: float
    min_requests: int


class LabelledVersion(BaseModel):
    """What a label names; null where it names nothing that can answer, and `note` says why."""

    version: int | None
    note: str | None


class RolledBack(BaseModel):
    """A rollback that no operator made."""

    at: datetime
    reason: str
    version: int


class ObservedCalls(BaseModel):
    """Calls of one version; `tail_ms` is about their 99th percentile."""

    requests: int
    errors: int
    error_rate: float
    tail_ms: float | None


class ObservedAgreement(BaseModel):
    """Comparisons in the shadow."""

    compared: int
    agreement: float | None
    mean_absolute_difference: float | None
    dropped: int = Field(description="Copies that were dropped since this process started.")


class Observed(BaseModel):
    """What the process that answers saw in the last `window_s` seconds, of 500 requests at most."""

    window_s: float
    stable: ObservedCalls
    canary: ObservedCalls
    shadow: ObservedAgreement


class TrafficReport(BaseModel):
    """Who answers."""

    canary_share: float
    shadow: bool
    bounds: Bounds
    stable: LabelledVersion
    canary: LabelledVersion
    effect: str = Field(description="What this comes to, in one sentence.")
    rolled_back: RolledBack | None
    observed: Observed
