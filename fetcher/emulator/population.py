"""Draws the facts of an emulated account: one source of its class, then that source's Gaussian copula.

The aggregates are those of `population.json`, made by `python -m training.population`. Of a class's sources those are
drawn from that know most fields, so that the fields of an account belong together. What none of them knows is invented
(`_INVENTED`) or absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

from contracts.platforms import Platform
from fetcher.emulator.dice import dice, normal, percentile

POPULATION_FILE = Path(__file__).with_name("population.json")
PREFIXES = {"reg_": "regular", "bot_": "bot", "inf_": "influencer", "fake_": "fake"}
SUFFIXES = ("missing", "suspended", "private")
BASE_RATES = {"regular": 0.7, "bot": 0.12, "influencer": 0.06, "fake": 0.12}
"""Of accounts without a prefix; invented."""

_INVENTED: Mapping[Platform, Mapping[str, tuple[float, float]]] = {
    Platform.X: {"listed": (0, 3), "has_url": (0, 1), "private": (0, 0), "verified": (0, 0)},
    Platform.INSTAGRAM: {
        "private": (0, 0),
        "has_avatar": (1, 1),
        "has_url": (0, 1),
        "biography_length": (30, 140),
        "like_rate_percent": (0.8, 5),
        "comment_rate_percent": (0.02, 0.2),
        "hours_between_posts_mean": (20, 160),
        "location_share": (0, 0.7),
        "non_image_share": (0, 0.6),
        "caption_near_empty_share": (0, 0.1),
        "hashtags_per_post_mean": (0, 10),
        "promo_keywords_per_post": (0, 0.3),
        "follow_keywords_per_post": (0, 0.3),
        "caption_length_mean": (60, 500),
        "caption_similarity_mean": (0, 0.2),
    },
}
"""Bounds between which a field is drawn evenly where no source of the class knows it: most fields of Instagram's
influencers, of whom the data knows three counts."""

SPREAD = 0.7
"""Emulated accounts are typical of their class: the copula's draws are this much narrower than the data's."""

_SHAPES = ("name_", "biography_")

Facts = Mapping[str, float]
"""Field name to value; flags are 0 or 1. A field that is absent is not shown."""


@dataclass(frozen=True, slots=True)
class Source:
    """The aggregates of one source: quantiles (1 to 99%) or the share of a flag, and the factor of its correlation."""

    accounts: int
    names: tuple[str, ...]
    marginals: tuple[tuple[float, ...], ...]
    factor: tuple[tuple[float, ...], ...]

    def draw(self, random: Random) -> dict[str, float]:
        """One account's fields."""
        independent = [normal(random) for _ in self.names]
        drawn = {}
        for name, marginal, row in zip(self.names, self.marginals, self.factor, strict=True):
            latent = sum(weight * value for weight, value in zip(row, independent, strict=False))
            drawn[name] = _quantile(marginal, percentile(SPREAD * latent))
        return drawn


class Population:
    """The sources of each class of each platform."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._sources = {
            (Platform(platform), label): tuple(map(_source, _best_known(sources)))
            for platform, classes in document.items()
            for label, sources in classes.items()
        }

    @classmethod
    def read(cls, path: Path = POPULATION_FILE) -> Population:
        """Read the aggregates."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def facts(self, platform: Platform, handle: str, label: str) -> dict[str, float]:
        """The drawn fields of `handle` (lower case), an account of the class `label`."""
        random = dice("facts", platform.value, handle)
        sources = self._sources[platform, label]
        source = random.choices(sources, [sqrt(each.accounts) for each in sources])[0]
        facts = source.draw(random)
        for name, (low, high) in _INVENTED[platform].items():
            facts.setdefault(name, low + (high - low) * random.random())
        return facts


def class_of(platform: Platform, handle: str) -> str:
    """The class of `handle`: what its prefix says, else by base rate."""
    for prefix, label in PREFIXES.items():
        if handle.startswith(prefix):
            return label
    return dice("class", platform.value, handle).choices(list(BASE_RATES), list(BASE_RATES.values()))[0]


def state_of(handle: str) -> str | None:
    """`missing`, `suspended`, `private`, or None for an ordinary public account."""
    return next((suffix for suffix in SUFFIXES if handle.endswith(f"_{suffix}")), None)


def _best_known(sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The sources that know as many fields as any other, or all but one of them; shapes of texts do not count."""
    known = [sum(not name.startswith(_SHAPES) for name in source["fields"]) for source in sources]
    return [source for source, fields in zip(sources, known, strict=True) if fields >= max(known) - 1]


def _source(record: Mapping[str, Any]) -> Source:
    fields = record["fields"]
    return Source(
        accounts=record["accounts"],
        names=tuple(fields),
        marginals=tuple(
            tuple(field["quantiles"]) if "quantiles" in field else _flag(field["share"]) for field in fields.values()
        ),
        factor=_factor(record["correlation"]),
    )


def _flag(share: float) -> tuple[float, ...]:
    return tuple(0.0 if percent / 100 < 1 - share else 1.0 for percent in range(1, 100))


def _quantile(quantiles: Sequence[float], share: float) -> float:
    """The value at `share` of a distribution given at 1 to 99%; a jump between 0 and 1 stays one."""
    place = min(max(share * 100 - 1, 0.0), 98.0)
    low = int(place)
    below, above = quantiles[low], quantiles[min(low + 1, 98)]
    return below if (below, above) == (0.0, 1.0) else below + (above - below) * (place - low)


def _factor(matrix: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """The lower triangle L with L L^T = `matrix` (Cholesky)."""
    rows: list[list[float]] = []
    for i, line in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            row.append((line[j] - sum(row[k] * rows[j][k] for k in range(j))) / rows[j][j])
        row.append(sqrt(max(line[i] - sum(value * value for value in row), 1e-6)))
        rows.append(row)
    return tuple(tuple(row) for row in rows)
