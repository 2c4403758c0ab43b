"""The answer about one account: what was read, what the model made of it, and where both come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.features import VALUE_NAMES
from contracts.fetch_api import AccountResult
from contracts.json_fields import write_time
from contracts.model import CLASSES, HUMANS, MODEL_NAME, PLAIN_THRESHOLD, is_unsure
from contracts.profile import MODEL_FACTS, Profile
from contracts.profile_ref import ProfileRef
from gateway.badges import badges_of
from gateway.percentiles import percentile
from gateway.prediction import Prediction, Version
from gateway.prevalence import Assumption
from gateway.view_accuracy import ViewAccuracy

_TEXTS = frozenset(["username", "display_name", "biography"])
"""Of these facts the length has a place among others."""


class Contribution(NamedTuple):
    """How far one feature moved the answer toward (above 0) or away from the label.

    `value` is in the unit of contracts/features.py, None where the feature was unknown. What was known of a feature
    and that it was known are one contribution.
    """

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Under which id an answer is kept, and until when (UTC)."""

    id: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One classified account. `probabilities` by class name sum to 1; `contributions` come strongest first.

    `probabilities`, and with them the label and whether it is unsure, hold for the shares of `assumption`. The
    contributions explain what the version itself made of the facts, at the shares that it learned from: a prevalence
    moves every account alike and is no fact of this one.
    """

    ref: ProfileRef
    profile: Profile
    method: str | None
    cached: bool
    emulated: bool
    version: Version
    assumption: Assumption
    probabilities: Mapping[str, float]
    confidence: float
    contributions: tuple[Contribution, ...]
    kept: Kept | None = None
    """Under which id the answer is kept for whoever asked; None where it is not."""

    @property
    def label(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def unsure(self) -> bool:
        """Whether the label is less probable than is needed to state it plainly."""
        return is_unsure(self.label, self.probabilities[self.label], self.accusation_threshold)

    @property
    def accusation_threshold(self) -> float:
        """The probability from which the version states bot or fake plainly on this platform."""
        return self.version.description.accusation_threshold(self.profile.platform.value)

    @property
    def threshold(self) -> float:
        """The probability from which the label is stated plainly."""
        return PLAIN_THRESHOLD if self.label in HUMANS else self.accusation_threshold

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
    def places(self) -> Mapping[str, float]:
        """The share (0 to 1) of the accounts the version learned from that have less, of each fact that has a size."""
        description, platform = self.version.description, self.profile.platform.value
        values = {each.feature: each.value for each in self.contributions}
        found = {}
        for fact in self.profile.facts_known:
            feature = f"{fact}_length" if fact in _TEXTS else fact
            value, quantiles = values.get(feature), description.quantiles.get(platform, {}).get(feature, ())
            place = None if value is None else percentile(value, description.quantile_levels, quantiles)
            if place is not None and not isinstance(getattr(self.profile, fact), bool):
                found[fact] = place
        return found

    @property
    def view(self) -> ViewAccuracy | None:
        """How often the version is right where no more is known than here; None where that was not measured."""
        return self.version.view(self.profile.platform, self.profile.facts_known)

    def to_json(self) -> dict[str, Any]:
        """The body of a 200 of `POST /api/v1/classify`, but for the request id."""
        facts, view, label = self.profile.to_json(), self.view, self.label
        del facts["fetched_at"]
        return {
            "profile": {**facts, "url": self.url, "handle": self.handle, "id": self.profile.id or self.ref.id},
            "label": label,
            "unsure": self.unsure,
            "probabilities": dict(self.probabilities),
            "confidence": self.confidence,
            "questions": {
                "automated_or_inauthentic": self.automated_or_inauthentic,
                "large_audience": self.large_audience,
            },
            "contributions": [
                {"feature": feature, "value": value, "contribution": contribution}
                for feature, value, contribution in self.contributions
            ],
            "facts": {
                "known": list(self.profile.facts_known),
                "unknown": list(self.facts_unknown),
                "percentiles": {name: round(place, 4) for name, place in self.places.items()},
                "accuracy": view.accuracy if view else None,
            },
            "badges": [{"kind": badge.kind, "text": badge.text} for badge in badges_of(self.profile)],
            "prevalence": dict(self.assumption.shares),
            "prevalence_from": self.assumption.by.value,
            "provenance": {
                "fetched_at": write_time(self.profile.fetched_at),
                "method": self.method,
                "cached": self.cached,
            },
            "model": {"name": MODEL_NAME, "version": self.version.number},
            "emulated": self.emulated,
            "result_id": self.kept.id if self.kept else None,
            "kept_until": write_time(self.kept.until) if self.kept else None,
        }


def assess(
    result: AccountResult,
    profile: Profile,
    values: NDArray[np.float64],
    prediction: Prediction,
    assumption: Assumption,
) -> Assessment:
    """Put together the answer for one account; `values` are its features' raw values, float64[values]."""
    corrected = assumption.correct(prediction.probabilities)[0]
    label = int(np.argmax(corrected))
    # A version's confidence is its top probability, less for an account unlike those it learned from.
    confidence = float(prediction.confidence[0]) * corrected[label] / float(prediction.probabilities[0].max())
    toward = prediction.contributions[0, :, label].astype(float)
    together = toward[: len(VALUE_NAMES)] + toward[len(VALUE_NAMES) :]
    finite, numbers, amounts = np.isfinite(values).tolist(), values.tolist(), together.tolist()
    strongest_first = np.argsort(-np.abs(together), kind="stable").tolist()
    contributions = tuple(
        [
            Contribution(VALUE_NAMES[index], numbers[index] if finite[index] else None, amounts[index])
            for index in strongest_first
        ]
    )
    return Assessment(
        ref=result.ref,
        profile=profile,
        method=result.method,
        cached=result.cached,
        emulated=result.emulated,
        version=prediction.version,
        assumption=assumption,
        probabilities=dict(zip(CLASSES, map(float, corrected), strict=True)),
        confidence=min(1.0, float(confidence)),
        contributions=contributions,
    )
