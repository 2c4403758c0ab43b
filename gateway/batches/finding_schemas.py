"""The bodies of prevalence, comparison and review, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.batches.comparison import MOST_SHOWN
from gateway.batches.review import MOST_DRAWN
from gateway.batches.schemas import BatchId, BatchPath, PlatformName, RowReport
from gateway.schemas import ClassName

LabelName = Literal["regular", "bot", "influencer", "fake", "unclear"]


class ShareReport(BaseModel):
    """One class: the share of its label, and the estimated share of the class with its interval."""

    counted: float
    share: float
    low: float
    high: float


class EstimateReport(BaseModel):
    """The shares of the classes; `rests_on` is the number of held-out rows behind the correction."""

    accounts: int
    corrected: bool
    rests_on: int
    shares: dict[ClassName, ShareReport]


class PrevalenceReport(EstimateReport):
    """The shares over all accounts and by platform."""

    platforms: dict[PlatformName, EstimateReport]
    method: str
    note: str


class ComparisonPath(BatchPath):
    """Which two batches."""

    other_id: BatchId


class ComparisonQuery(BaseModel):
    """How many of the changed accounts are listed."""

    most: Annotated[int, Field(ge=1, le=MOST_SHOWN)] = 100


class ComparedBatch(BaseModel):
    """One of the two."""

    id: str
    name: str
    model_version: int | None


class Move(BaseModel):
    """How many accounts went from one label to another."""

    before: ClassName
    after: ClassName
    accounts: int


class ChangedAccount(BaseModel):
    """An account of both batches with another label in each."""

    platform: PlatformName
    id: str | None
    handle: str | None
    before: ClassName
    after: ClassName
    line: int
    other_line: int


class ComparisonReport(BaseModel):
    """Two batches beside each other."""

    first: ComparedBatch
    second: ComparedBatch
    same_version: bool
    prevalence: list[PrevalenceReport]
    common: int = Field(description="Accounts of both with an answer in both.")
    changed: int
    moves: list[Move]
    accounts: list[ChangedAccount]


class Draw(BaseModel):
    """How many accounts are drawn, and by which seed."""

    size: Annotated[int, Field(ge=1, le=MOST_DRAWN)] = 50
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    replace: bool = Field(False, description="Whether a sample that was labelled may be thrown away.")


class SamplePath(BatchPath):
    """Which account of the sample."""

    place: Annotated[int, Field(ge=1, le=MOST_DRAWN)]


class Say(BaseModel):
    """Who says what."""

    reviewer: Annotated[int, Field(ge=1, le=2)] = 1
    label: LabelName | None = None


class SampledAccount(RowReport):
    """One account of the sample and what the two reviewers said."""

    place: int
    said: list[LabelName | None]


class Precision(BaseModel):
    """Of the labelled accounts with this label, how many have it rightly, with Wilson's interval."""

    labelled: int
    right: float
    precision: float | None
    low: float
    high: float


class SampleReport(BaseModel):
    """The sample, and what was said of it."""

    seed: int | None
    accounts: list[SampledAccount]
    precision: dict[str, Precision]
    both: int = Field(description="Accounts that both reviewers labelled.")
    kappa: float | None
    labels: dict[str, int]
