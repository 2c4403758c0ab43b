"""Which columns of the tensor fall silent together when a fact of a profile is unknown."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from contracts.features import FEATURES, F

FIELDS = tuple(dict.fromkeys(name for feature in FEATURES for name in feature.source if name != "platform"))
"""Every column of contracts.columns that some feature reads, but for the platform, which is always known."""


def silenced(fields: Iterable[str]) -> NDArray[np.bool_]:
    """bool[F]: the tensor's columns, values and masks, that become 0 when `fields` are unknown."""
    unknown = set(fields)
    features = np.array([bool(unknown.intersection(feature.source)) for feature in FEATURES])
    columns = np.concatenate([features, features])
    assert len(columns) == F  # noqa: S101 - values, then their masks.
    return columns


def silence_matrix() -> NDArray[np.float32]:
    """float32[len(FIELDS), F]: 1 where the column needs the field."""
    return np.stack([silenced([name]) for name in FIELDS]).astype(np.float32)
