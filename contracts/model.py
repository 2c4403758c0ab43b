"""The agreement between the gateway and a version of the model, spoken over TensorFlow Serving's own API.

Every signature has a first dimension n in and out, so that the server may batch requests together:

- `serving_default`: `features` float32[n, F] -> `probabilities` float32[n, 4], `confidence` float32[n]
- `explain`: the same input -> the same outputs and `contributions` float32[n, F, 4]
- `foreign`: the same input -> `probabilities` as if every account were unlike all that were learned from
- `describe`: `rows` int32[n] -> `description` string[n], each a JSON document that `Description` reads
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from contracts.json_fields import InvalidField, read_count, read_object

MODEL_NAME = "rollcall"

CLASSES = ("regular", "bot", "influencer", "fake")
"""The order of the second axis of `probabilities`."""

HUMANS = frozenset({"regular", "influencer"})
PLAIN_THRESHOLD = 0.5
"""Below this probability a label that accuses nobody is unsure: all the others together are more probable."""

STABLE, CANARY = "stable", "canary"
"""Version labels, TensorFlow Serving's own."""

PREDICT, EXPLAIN, FOREIGN, DESCRIBE = "serving_default", "explain", "foreign", "describe"
"""Signature names."""

FEATURES, PROBABILITIES, CONFIDENCE, CONTRIBUTIONS = "features", "probabilities", "confidence", "contributions"
ROWS, DESCRIPTION = "rows", "description"
"""Tensor names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a version says of itself.

    `accusation_thresholds`: platform -> the probability of its label below which an account that looks like a bot or a
    fake is called "unsure"; labels that accuse nobody are not concerned.
    `quantiles`: feature name -> its values in the feature's unit at `quantile_levels`, over the accounts of `platform`
    that the version learned from (platform -> feature -> values).
    `base_rates`: platform -> class -> the share that the probabilities assume.
    `wants`: platform -> optional parts a fetch must include, such as "activity".
    `card`: the model card's figures and texts, for people.
    """

    schema_version: int
    feature_names: tuple[str, ...]
    classes: tuple[str, ...]
    accusation_thresholds: Mapping[str, float]
    quantile_levels: tuple[float, ...] = ()
    quantiles: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    base_rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    wants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | bytes) -> Description:
        """Read the document of `describe`; raises InvalidField."""
        try:
            document = json.loads(text)
        except ValueError:
            raise InvalidField("description", "a JSON document") from None
        record = read_object(document, "description", frozenset(each.name for each in fields(cls)))
        thresholds = record.get("accusation_thresholds")
        if not isinstance(thresholds, dict) or not all(map(_is_share, thresholds.values())):
            raise InvalidField("accusation_thresholds", "a number from 0 to 1 for each platform")
        for name in ("feature_names", "classes"):
            if not isinstance(record.get(name), list):
                raise InvalidField(name, "a list of names")
        return cls(
            schema_version=read_count(record.get("schema_version"), "schema_version"),
            feature_names=tuple(record["feature_names"]),
            classes=tuple(record["classes"]),
            accusation_thresholds=thresholds,
            quantile_levels=tuple(record.get("quantile_levels", ())),
            quantiles=record.get("quantiles", {}),
            base_rates=record.get("base_rates", {}),
            wants={platform: tuple(parts) for platform, parts in record.get("wants", {}).items()},
            card=record.get("card", {}),
        )

    def accusation_threshold(self, platform: str) -> float:
        """That of `platform`; 1, at which nobody is accused, where the version did not learn it."""
        return self.accusation_thresholds.get(platform, 1.0)

    def to_json(self) -> str:
        """The document, as `describe` gives it."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)}, ensure_ascii=False)


def _is_share(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def is_unsure(label: str, probability: float, accusation_threshold: float) -> bool:
    """Whether `label` is less probable than is needed to state it plainly.

    A label that accuses (bot, fake) needs the version's accusation threshold of its platform, the others
    `PLAIN_THRESHOLD`.
    """
    return probability < (PLAIN_THRESHOLD if label in HUMANS else accusation_threshold)
