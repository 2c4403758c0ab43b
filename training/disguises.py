"""Rows made to look otherwise in training, so that a name, a script or a known field alone decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import FEATURES, VALUE_NAMES, F
from training.config import DisguiseConfig
from training.fields import silenced

_NAMES = ("username", "username_length", "username_digits", "username_digit_share", "display_name")
_OTHER_SCRIPT = {
    "display_name": {"other_letter_share": 0.9, "upper_share": 0, "starts_upper": 0},
    "biography": {"other_script_share": 0.8, "upper_share": 0, "starts_upper": 0, "vowel_share": 0, "latin_share": 0},
}
"""Raw values of a text in another script, by the names behind the text's own."""


@dataclass(frozen=True, slots=True)
class Disguises:
    """`borrowers` bool[4]: classes that no source shows with any field beyond counts and handle."""

    config: DisguiseConfig
    borrowers: NDArray[np.bool_]

    def apply(self, features: Any, labels: Any, seed: Any) -> Any:
        """features float32[n, F], labels float32[n, 4], seed int32[2] -> float32[n, F].

        Rows of `borrowers` take every optional field of another row by the chance `transplanted`; any row takes the
        names, and apart from that the biography's shape, of another row by the chance `borrowed`, or the look of
        another script by the chance `other_script`.
        """
        chances = tf.random.stateless_uniform([3, tf.shape(features)[0], 1], seed)
        borrows = tf.linalg.matvec(labels, tf.constant(self.borrowers, tf.float32))[:, tf.newaxis]
        moved = borrows * tf.cast(chances[0] < self.config.transplanted, tf.float32) * _OPTIONAL
        features = features * (1 - moved) + tf.roll(features, 1, 0) * moved
        for chance, text, columns in (
            (chances[1], "display_name", _OF_NAMES),
            (chances[2], "biography", _OF_BIOGRAPHY),
        ):
            borrowed = tf.cast(chance < self.config.borrowed, tf.float32) * columns
            features = features * (1 - borrowed) + tf.reverse(features, [0]) * borrowed
            written = (chance >= self.config.borrowed) & (chance < self.config.borrowed + self.config.other_script)
            touched, values = _script(text)
            changed = tf.cast(written, tf.float32) * touched * _masks(features)
            features = features * (1 - changed) + values * changed
        return features


def _columns(fields: tuple[str, ...]) -> NDArray[np.float32]:
    """float32[F]: the columns that read nothing but `fields`."""
    own = np.array([set(feature.source) <= set(fields) for feature in FEATURES])
    return np.concatenate([own, own]).astype(np.float32)


def _script(text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    touched, values = np.zeros(F, np.float32), np.zeros(F, np.float32)
    for name, raw in _OTHER_SCRIPT[text].items():
        index = VALUE_NAMES.index(f"{text}_{name}")
        touched[index] = 1
        values[index] = np.clip((raw - FEATURES[index].center) / FEATURES[index].scale, -1, 1)
    return touched, values


def _masks(features: Any) -> Any:
    """float32[n, F]: each value's mask, in the place of the value."""
    return tf.concat([features[:, F // 2 :], tf.zeros_like(features[:, F // 2 :])], 1)


_OPTIONAL = 1 - _columns(("platform", "followers", "following", "posts"))
_OF_NAMES = _columns(_NAMES)
_OF_BIOGRAPHY = silenced(["biography"]).astype(np.float32)
