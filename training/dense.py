"""A fitted network as plain numbers: what is kept, run outside Keras and written into the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.model import CLASSES
from training.encoding import Encoding

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DenseNetwork:
    """`layers`: kernel float32[in, out] and bias float32[out] of each layer; SiLU between them, logits at the end.

    The first kernel reads the feature tensor as it is, standardisation folded into it, and behind it the pieces of
    `encoding`. The outputs are logits of the four classes and then of the s sources that it learned to name, if any.
    """

    encoding: Encoding
    layers: tuple[tuple[Floats, Floats], ...]

    def logits(self, features: Floats) -> NDArray[np.float64]:
        """Of the classes: features float32[n, F] -> float64[n, 4]."""
        return self.outputs(features)[:, : len(CLASSES)]

    def outputs(self, features: Floats) -> NDArray[np.float64]:
        """features float32[n, F] -> float64[n, 4 + s]."""
        x = np.concatenate([features, self.encoding.pieces(features)], axis=1)
        for index, (kernel, bias) in enumerate(self.layers):
            x = x @ kernel + bias
            if index < len(self.layers) - 1:
                x = x / (1 + np.exp(-np.clip(x, -80, 80)))
        return x.astype(np.float64)

    def save(self, path: Path) -> None:
        """Write the numbers to `path`, whole or not at all."""
        draft = path.with_suffix(".draft.npz")
        encoding = (self.encoding.columns, self.encoding.low, self.encoding.width)
        np.savez(draft, *encoding, *(part for layer in self.layers for part in layer))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> DenseNetwork:
        """Read what `save` wrote; raises OSError."""
        with np.load(path) as parts:
            columns, low, width, *arrays = [parts[name] for name in parts.files]
        return cls(Encoding(columns, low, width), tuple(zip(arrays[::2], arrays[1::2], strict=True)))
