"""From the fetcher's results of a chunk to what is written into its rows: one columnar pass, one call to the model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.columns import Columns
from contracts.features import VALUE_NAMES, raw_values, scale_rows
from contracts.fetch_api import AccountResult
from contracts.model import CLASSES, is_unsure
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from gateway.batches.pinned_model import Versions
from gateway.errors import SENTENCES
from gateway.metrics import Metrics
from gateway.prediction import Prediction, Version

_STRONGEST = 5
"""Contributions that are kept where they are asked for."""


def scored(
    profiles: Mapping[int, AccountResult],
    model: Versions,
    version: Version,
    request_id: str,
    metrics: Metrics,
    *,
    explain: bool,
) -> list[dict[str, Any]]:
    """The row of each ok result, all of one platform, by row number.

    Raises ModelUnavailableError and NoVersionError.
    """
    found = [(number, result, result.profile) for number, result in profiles.items() if result.profile is not None]
    if not found:
        return []
    values = np.array(list(raw_values(Columns.from_profiles([profile for _, _, profile in found])).values()))
    prediction = model.score(version, scale_rows(values.copy()), request_id, explain=explain)
    metrics.model_rows.labels(str(version.number), "batch").observe(len(found))
    metrics.drift.observe(found[0][1].ref.platform.value, values, version)
    labels = prediction.probabilities.argmax(1)
    return [
        {
            **_ended(number, result),
            **_known(result.ref, profile),
            **_scores(prediction, index, int(labels[index]), profile.platform),
            "facts_known": len(profile.facts_known),
            "fetched_at": profile.fetched_at.timestamp(),
            "private": profile.private,
            "contributions": _strongest(prediction, index, int(labels[index])) if explain else None,
        }
        for index, (number, result, profile) in enumerate(found)
    ]


def unanswered(numbered: Sequence[tuple[int, AccountResult]]) -> list[dict[str, Any]]:
    """The row of each result that is not ok."""
    return [_ended(number, result) for number, result in numbered]


def _ended(number: int, result: AccountResult) -> dict[str, Any]:
    return {
        "number": number,
        "outcome": result.outcome.value,
        "detail": (result.detail or SENTENCES[result.outcome])[:400],
        "method": result.method,
        "cached": result.cached,
    }


def _known(ref: ProfileRef, profile: Profile) -> dict[str, Any]:
    """Handle and id, the one that was not asked for as the platform names it, so that a deletion finds the row."""
    handle = ref.handle or (profile.username or "").lower() or None
    return {"handle": handle, "account_id": ref.id or profile.id}


def _scores(prediction: Prediction, index: int, label: int, platform: Platform) -> dict[str, Any]:
    probabilities = dict(zip(CLASSES, map(float, prediction.probabilities[index]), strict=True))
    name = CLASSES[label]
    threshold = prediction.version.description.accusation_threshold(platform.value)
    return {
        "label": name,
        "unsure": is_unsure(name, probabilities[name], threshold),
        **{f"p_{each}": probability for each, probability in probabilities.items()},
        "confidence": float(prediction.confidence[index]),
        "model_version": prediction.version.number,
    }


def _strongest(prediction: Prediction, index: int, label: int) -> str:
    toward = prediction.contributions[index, :, label].astype(float)
    together = toward[: len(VALUE_NAMES)] + toward[len(VALUE_NAMES) :]
    order = np.argsort(-np.abs(together))[:_STRONGEST]
    return json.dumps([[VALUE_NAMES[each], round(float(together[each]), 4)] for each in order])
