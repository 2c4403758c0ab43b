"""How common each class is assumed to be, and what that makes of the model's probabilities.

A version's probabilities hold for the shares that it learned from (`Description.base_rates`). Where accounts are
distributed otherwise, each class's probability is multiplied by its new share over its old one and all are brought to
the sum of 1 again (Saerens, Latinne, Decaestecker 2002, https://doi.org/10.1162/089976602753284446, equation 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from contracts.model import CLASSES, Description

LEAST_SHARE = 0.001
"""No class is taken for impossible: an account could then not be given any probability."""
TOLERANCE = 0.01
"""Shares that were rounded for people need not add up to 1 exactly."""

Shares = Mapping[str, float]


class InvalidPrevalence(ValueError):  # noqa: N818 - it names what was given, like InvalidReference.
    """Shares that cannot be assumed; the message is a whole sentence."""


class AssumedBy(StrEnum):
    """Who says how common each class is."""

    REQUEST = "request"
    DEPLOYMENT = "deployment"
    MODEL = "model"
    """The version itself: its probabilities stay as they are."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """`shares` by class name, empty where nobody says any; `learned` are those of the version."""

    shares: Shares
    learned: Shares
    by: AssumedBy
    unmet: bool = False
    """Whether the deployment names shares, but the version does not say which it learned from."""

    def correct(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """float[n, 4] under `learned` -> float64[n, 4] under `shares`; each row sums to 1."""
        given = probabilities.astype(np.float64)
        if self.by is AssumedBy.MODEL:
            return given
        weighted: NDArray[np.float64] = given * np.array([self.shares[name] / self.learned[name] for name in CLASSES])
        weighted /= weighted.sum(axis=1, keepdims=True)
        return weighted


@dataclass(frozen=True, slots=True)
class Prevalence:
    """What this deployment assumes: platform -> shares, for the platforms of which it assumes anything."""

    of_platform: Mapping[str, Shares] = field(default_factory=dict)

    def assumed(self, platform: str, description: Description, asked: Shares | None = None) -> Assumption:
        """What holds for one question: the request's shares, else the deployment's, else the version's own.

        Raises InvalidPrevalence where shares are asked for of a version that names none itself.
        """
        learned = description.base_rates.get(platform, {})
        correctable = all(learned.get(name, 0) > 0 for name in CLASSES)
        if asked is not None:
            if not correctable:
                raise InvalidPrevalence("This version of the model does not say which shares it learned from.")
            return Assumption(asked, learned, AssumedBy.REQUEST)
        if correctable and platform in self.of_platform:
            return Assumption(self.of_platform[platform], learned, AssumedBy.DEPLOYMENT)
        return Assumption(learned, learned, AssumedBy.MODEL, unmet=platform in self.of_platform)


def read_shares(given: Mapping[str, float]) -> Shares:
    """Every class with its share, brought to the sum of 1; raises InvalidPrevalence."""
    if set(given) != set(CLASSES):
        raise InvalidPrevalence(f"A prevalence names a share of each of {', '.join(CLASSES)}, and of nothing else.")
    if not all(LEAST_SHARE <= share <= 1 for share in given.values()):
        raise InvalidPrevalence(f"Each share of a prevalence must be a number from {LEAST_SHARE} to 1.")
    total = sum(given.values())
    if abs(total - 1) > TOLERANCE:
        raise InvalidPrevalence(f"The shares of a prevalence must add up to 1; these add up to {total:.3g}.")
    return {name: given[name] / total for name in CLASSES}


def read_prevalence(text: str) -> Shares:
    """Shares as a variable or a form gives them: `regular=0.85, bot=0.05, influencer=0.02, fake=0.08`.

    Raises InvalidPrevalence.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        given = {name.strip(): float(share) for name, _, share in pairs}
    except ValueError:
        raise InvalidPrevalence("A share of a prevalence must be a number such as 0.05.") from None
    if len(given) != len(pairs):
        raise InvalidPrevalence("A prevalence names each class once.")
    return read_shares(given)
