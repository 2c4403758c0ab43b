"""Facts of a profile and the columns of the tensor that fall silent when one is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.columns import Columns
from contracts.features import FEATURES
from contracts.model import CLASSES

Flags = NDArray[np.bool_]

FIELDS = tuple(dict.fromkeys(name for feature in FEATURES for name in feature.source if name != "platform"))
"""Every column of contracts.columns that some feature reads, but for the platform, which is always known."""

ALWAYS = ("followers", "following", "posts", "username", "username_length", "username_digits", "username_digit_share")
"""What every collection has; a class that was seen with nothing else asks for no support."""


def silenced(fields: Iterable[str]) -> Flags:
    """bool[F]: the tensor's columns, values and masks, that become 0 when `fields` are unknown."""
    unknown = set(fields)
    features = np.array([bool(unknown.intersection(feature.source)) for feature in FEATURES])
    return np.concatenate([features, features])


def known(columns: Columns) -> Flags:
    """bool[n, len(FIELDS)]: which fields each profile has."""
    flags = [
        np.isfinite(columns.numbers[name])
        if name in columns.numbers
        else np.array([text is not None for text in columns.texts[name]], np.bool_)
        for name in FIELDS
    ]
    return np.stack(flags, axis=1)


def unsupported(
    columns: Columns,
    labels: NDArray[np.int64],
    sources: NDArray[np.object_],
    groups: Sequence[Sequence[str]],
    *,
    share: float = 0.3,
    rows: int = 30,
) -> tuple[str, ...]:
    """The fields of those `groups` that some class was never seen with: they would name the class by being there.

    A class is seen with a group when some source of it, of at least `rows` rows, has each field in at least `share` of
    them. A class that no source shows with any field beyond `ALWAYS` asks for nothing. A field that no row has is
    not counted against its group. A field that fewer than 1% of the rows have is off as well.
    """
    flags = known(columns)
    seen = _seen(flags, labels, sources, rows)
    asking = {label for label, shares in seen if shares[_OPTIONAL].max() > share}
    off = [name for index, name in enumerate(FIELDS) if flags[:, index].mean() < 0.01]
    for group in groups:
        places = [FIELDS.index(name) for name in group if flags[:, FIELDS.index(name)].any()]
        having = {label for label, shares in seen if places and shares[places].min() >= share}
        if not places or asking - having:
            off.extend(group)
    return tuple(dict.fromkeys(off))


def without_options(columns: Columns, labels: NDArray[np.int64], sources: NDArray[np.object_]) -> Flags:
    """bool[4]: the classes that no source shows with any field beyond `ALWAYS`."""
    seen = _seen(known(columns), labels, sources, 1)
    asking = {int(label) for label, shares in seen if shares[_OPTIONAL].max() > 0.3}
    return np.array([index not in asking for index in range(len(CLASSES))])


_OPTIONAL = [index for index, name in enumerate(FIELDS) if name not in ALWAYS]


def _seen(
    flags: Flags, labels: NDArray[np.int64], sources: NDArray[np.object_], rows: int
) -> list[tuple[np.int64, NDArray[np.float64]]]:
    """(class, share of rows that know each field) of every source of at least `rows` rows."""
    return [
        (label, flags[of_source].mean(0))
        for label in np.unique(labels)
        for source in np.unique(sources[labels == label].astype(str))
        if (of_source := (labels == label) & (sources == source)).sum() >= rows
    ]
