"""The bodies of the JSON API, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from gateway.prevalence import LEAST_SHARE

ClassName = Literal["regular", "bot", "influencer", "fake"]


Share = Annotated[float, Field(ge=LEAST_SHARE, le=1, strict=True, allow_inf_nan=False)]


class AssumedShares(BaseModel):
    """How common each class is assumed to be; the shares add up to 1, give or take 0.01."""

    model_config = ConfigDict(extra="forbid")

    regular: Share
    bot: Share
    influencer: Share
    fake: Share


class ClassifyRequest(BaseModel):
    """One account to look at."""

    model_config = ConfigDict(extra="forbid")

    profile: StrictStr = Field(
        max_length=2048,
        description="Profile address, or, with `platform`, a handle or numeric id.",
        examples=["https://x.com/reg_maple"],
    )
    platform: Literal["x", "instagram"] | None = Field(
        None, description="What a bare handle or id belongs to; an address names its platform itself."
    )
    ticket: StrictStr | None = Field(
        None, max_length=256, description="From an earlier 503; keeps the place in the queue of the platform's limit."
    )
    prevalence: AssumedShares | None = Field(
        None,
        description="Assumed in place of what the deployment or the model assumes.",
    )


class PublicProfile(BaseModel):
    """The public facts that were read; null is unknown."""

    platform: Literal["x", "instagram"]
    url: str
    handle: str | None = Field(description="As the platform writes it, else as it was asked for.")
    id: str | None
    username: str | None
    display_name: str | None
    biography: str | None
    followers: int | None
    following: int | None
    posts: int | None
    likes_given: int | None
    listed: int | None
    has_avatar: bool | None
    has_url: bool | None
    has_highlight_reels: bool | None
    private: bool | None
    created_at: datetime | None
    activity: dict[str, float | None] | None
    verified: bool | None
    verified_type: str | None
    parody: bool | None
    business: bool | None
    category: str | None


class Contribution(BaseModel):
    """How far a feature moved the model's answer toward (above 0) or away from the label; `value` in its unit.

    It explains what the model read, at the shares that it learned from; `prevalence` is no part of it.
    """

    feature: str
    value: float | None
    contribution: float


class Questions(BaseModel):
    """The two questions that come first, as probabilities."""

    automated_or_inauthentic: float = Field(description="Bot or fake.")
    large_audience: float = Field(description="Influencer.")


class Facts(BaseModel):
    """Which of the platform's facts the answer rests on."""

    known: list[str]
    unknown: list[str]
    percentiles: dict[str, float] = Field(
        description="Of each known fact that has a size: the share of the accounts the model learned from "
        "(2010 to 2020, same platform) that have less; of texts, the length."
    )
    accuracy: float | None = Field(
        description="How often the model is right about held-out accounts of which no more is known; null is unknown."
    )


class Badge(BaseModel):
    """What the platform, or the account itself, says of it. Never enters the model."""

    kind: str = Field(description="verified, parody, automated, business, category, private or since.")
    text: str


class Provenance(BaseModel):
    """When and how the profile was read."""

    fetched_at: datetime
    method: str | None
    cached: bool


class ModelVersion(BaseModel):
    """The version that answered."""

    name: str
    version: int


class ClassifyAnswer(BaseModel):
    """A classified account. It says what the account looks like and is no basis for adverse action."""

    profile: PublicProfile
    label: ClassName
    unsure: bool = Field(
        description="Bot or fake is less probable than the version's threshold there, or another label than 0.5."
    )
    probabilities: dict[ClassName, float]
    confidence: float = Field(description="0 to 1; falls for accounts unlike those the model learned from.")
    questions: Questions
    contributions: list[Contribution]
    facts: Facts
    badges: list[Badge]
    prevalence: dict[str, float] = Field(
        description="The share of each class that the probabilities, the label and `unsure` assume."
    )
    prevalence_from: Literal["request", "deployment", "model"] = Field(description="Who assumes it.")
    provenance: Provenance
    model: ModelVersion
    emulated: bool = Field(description="True where the account is invented.")
    result_id: str | None = Field(description="Names this answer in history and corrections; null where none is kept.")
    kept_until: datetime | None
    request_id: str


class ServedVersion(BaseModel):
    """A version, its labels and the share of the accounts that it answers."""

    version: int
    labels: list[str]
    share: float
    shadow: bool = Field(description="Whether it is asked beside the version that answers, only to compare them.")


class ModelReport(BaseModel):
    """What the version in use says of itself."""

    name: str
    version: int
    label: str
    versions: list[ServedVersion] = Field(description="Every version that a label names.")
    schema_version: int
    feature_names: list[str]
    classes: list[str]
    accusation_thresholds: dict[str, float] = Field(
        description="Platform: the probability below which bot or fake is called unsure."
    )
    base_rates: dict[str, dict[str, float]]
    wants: dict[str, list[str]]
    card: dict[str, Any]


class LimitsReport(BaseModel):
    """The fetcher's windows and budgets, as it reports them."""

    model_config = ConfigDict(extra="allow")


class WrongField(BaseModel):
    """One field of the request and what would be right."""

    field: str
    detail: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    outcome: str | None = None
    retry_at: datetime | None = None
    ticket: str | None = None
    position: int | None = Field(None, description="How many earlier tickets there are.")
    emulated: bool | None = None
    errors: list[WrongField] | None = None
