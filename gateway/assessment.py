"""The answer about one account: what was read, what the model made of it, and where both come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contracts.columns import Numbers
from contracts.features import VALUE_NAMES
from contracts.fetch_api import AccountResult
from contracts.json_fields import write_time
from contracts.model import CLASSES, MODEL_NAME, is_unsure
from contracts.profile import MODEL_FACTS, Profile
from contracts.profile_ref import ProfileRef
from gateway.prediction import Prediction, Version


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one feature moved the answer toward (above 0) or away from the label.

    `value` is in the unit of contracts/features.py, None where the feature was unknown. What was known of a feature
    and that it was known are one contribution.
    """

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One classified account. `probabilities` by class name sum to 1; `contributions` come strongest first."""

    ref: ProfileRef
    profile: Profile
    method: str | None
    cached: bool
    emulated: bool
    version: Version
    probabilities: Mapping[str, float]
    confidence: float
    contributions: tuple[Contribution, ...]

    @property
    def label(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def unsure(self) -> bool:
        """Whether the label is less probable than is needed to state it plainly."""
        return is_unsure(self.label, self.probabilities[self.label], self.version.description.accusation_threshold)

    @property
    def automated_or_inauthentic(self) -> float:
        """The probability of bot or fake."""
        return self.probabilities["bot"] + self.probabilities["fake"]

    @property
    def large_audience(self) -> float:
        """The probability of influencer."""
        return self.probabilities["influencer"]

    @property
    def handle(self) -> str | None:
        """The handle as the platform writes it, else as it was asked for."""
        return self.profile.username or self.ref.handle

    @property
    def url(self) -> str:
        """The address of the profile, by its handle where it is known."""
        handle = (self.profile.username or "").lower()
        by_handle = bool(handle) and self.profile.platform.is_handle(handle)
        return ProfileRef(self.profile.platform, handle=handle).url if by_handle else self.ref.url

    @property
    def facts_unknown(self) -> tuple[str, ...]:
        """Those of the platform's `MODEL_FACTS` that could not be read."""
        return tuple(name for name in MODEL_FACTS[self.profile.platform] if getattr(self.profile, name) is None)

    @property
    def base_rates(self) -> Mapping[str, float]:
        """The share of each class that the probabilities assume on this platform; empty where none is stated."""
        return self.version.description.base_rates.get(self.profile.platform.value, {})

    def to_json(self) -> dict[str, Any]:
        """The body of a 200 of `POST /api/v1/classify`, but for the request id."""
        facts = self.profile.to_json()
        del facts["fetched_at"]
        return {
            "profile": {**facts, "url": self.url, "handle": self.handle, "id": self.profile.id or self.ref.id},
            "label": self.label,
            "unsure": self.unsure,
            "probabilities": dict(self.probabilities),
            "confidence": self.confidence,
            "questions": {
                "automated_or_inauthentic": self.automated_or_inauthentic,
                "large_audience": self.large_audience,
            },
            "contributions": [
                {"feature": each.feature, "value": each.value, "contribution": each.contribution}
                for each in self.contributions
            ],
            "facts": {"known": list(self.profile.facts_known), "unknown": list(self.facts_unknown)},
            "prevalence": dict(self.base_rates),
            "provenance": {
                "fetched_at": write_time(self.profile.fetched_at),
                "method": self.method,
                "cached": self.cached,
            },
            "model": {"name": MODEL_NAME, "version": self.version.number},
            "emulated": self.emulated,
        }


def assess(
    result: AccountResult, profile: Profile, values: Mapping[str, Numbers], prediction: Prediction
) -> Assessment:
    """Put together the answer for one account; `values` (the features' `raw_values`) and `prediction` hold its row."""
    probabilities = dict(zip(CLASSES, map(float, prediction.probabilities[0]), strict=True))
    label = int(np.argmax(prediction.probabilities[0]))
    toward = prediction.contributions[0, :, label].astype(float)
    together = toward[: len(VALUE_NAMES)] + toward[len(VALUE_NAMES) :]
    contributions = [
        Contribution(name, float(values[name][0]) if np.isfinite(values[name][0]) else None, float(amount))
        for name, amount in zip(VALUE_NAMES, together, strict=True)
    ]
    return Assessment(
        ref=result.ref,
        profile=profile,
        method=result.method,
        cached=result.cached,
        emulated=result.emulated,
        version=prediction.version,
        probabilities=probabilities,
        confidence=float(prediction.confidence[0]),
        contributions=tuple(sorted(contributions, key=lambda each: -abs(each.contribution))),
    )
