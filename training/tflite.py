"""VERSION/model.tflite: the signature `serving_default` for LiteRT, which a model server runs under its own flag.

TensorFlow Serving calls it --prefer_tflite_model. The other signatures stay with the SavedModel: gradients, of which
`explain` is made, have no operations in LiteRT.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.columns import Columns
from contracts.features import normalize
from contracts.model import CONFIDENCE, FEATURES, PREDICT, PROBABILITIES
from training.invented import invent

LITE_MODEL = "model.tflite"

TOLERANCE = 1e-6
"""Largest difference of a probability between the two models of one version, where float32 can tell them so closely."""

OWN_DIFFERENCES = 4.0
"""So many times what the SavedModel differs from itself, asked for all rows at once and one by one, is allowed as well.

The sigmoid of a gate turns the last digits of its score into more: gates shut, the same rows agree within 4e-7, open
within 3e-6, and one unit in the last place of the features moves the probabilities by 2e-6.
"""

_PROFILES = 256


def largest_allowed(own: float) -> float:
    """How much the models may differ where the SavedModel's answers differ by `own` among themselves."""
    return max(TOLERANCE, OWN_DIFFERENCES * own)


def write_lite(
    version: Path, features: NDArray[np.float32] | None = None, allowed: Callable[[float], float] = largest_allowed
) -> str:
    """Convert the SavedModel in `version` and compare both on `features` float32[n, F]; returns what became of it.

    None = invented profiles. A model that differs by more than is `allowed` is left out: servers then run the
    SavedModel, whatever their flag.
    """
    content = plainly_named(tf.lite.TFLiteConverter.from_saved_model(str(version), signature_keys=[PREDICT]).convert())
    if features is None:
        features = normalize(Columns.from_profiles(invent(_PROFILES, seed=3)))
    difference, own = _differences(version, content, features)
    if not difference <= (limit := allowed(own)):
        return f"{LITE_MODEL} left out: it differs by {difference:.2g} from the SavedModel, more than {limit:.2g}."
    (version / LITE_MODEL).write_bytes(content)
    return (
        f"{LITE_MODEL} written, equal to the SavedModel within {difference:.1g}; "
        f"that differs from itself by {own:.1g}, row by row."
    )


def plainly_named(content: bytes) -> bytes:
    """The model with every tensor that a signature takes or gives named as the signature calls it.

    TensorFlow Serving reads no signatures of this format: it makes `serving_default` of the tensors' own names, which
    the converter writes as serving_default_features:0 and StatefulPartitionedCall:1 (tflite_session.cc). The new names
    are shorter and take the place of the old ones, so that nothing else in the file moves.
    """
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415 - large, and needed here alone.

    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(index)
        tensors = model.Subgraphs(signature.SubgraphIndex())
        ends = [signature.Inputs(each) for each in range(signature.InputsLength())]
        ends += [signature.Outputs(each) for each in range(signature.OutputsLength())]
        for end in ends:
            content = _renamed(content, tensors.Tensors(end.TensorIndex()).Name(), end.Name())
    return content


def _renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    """A string of the file, its length before it and zeros behind it, in the place of a longer one."""
    stored, wanted = (struct.pack("<I", len(name)) + name + b"\0" for name in (old, new))
    if old == new:
        return content
    if content.count(stored) != 1 or len(wanted) > len(stored):
        raise ValueError(f"{old!r} cannot be renamed to {new!r} in its place.")
    return content.replace(stored, wanted.ljust(len(stored), b"\0"))


def _differences(version: Path, content: bytes, features: NDArray[np.float32]) -> tuple[float, float]:
    """Between the two models, and between the SavedModel's answers to all rows at once and one by one."""
    # Not tf.lite.Interpreter, which TensorFlow calls deprecated in favour of this package.
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only here, and it takes half a second.

    lite = Interpreter(model_content=content, num_threads=1).get_signature_runner(PREDICT)(**{FEATURES: features})
    loaded = tf.saved_model.load(str(version))

    def saved(rows: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        answer = loaded.signatures[PREDICT](**{FEATURES: tf.constant(rows)})
        return {name: answer[name].numpy() for name in (PROBABILITIES, CONFIDENCE)}

    together, singly = saved(features), [saved(row[np.newaxis]) for row in features]
    apart = {name: np.concatenate([each[name] for each in singly]) for name in together}
    return _largest(lite, together), _largest(apart, together)


def _largest(one: Mapping[str, NDArray[np.float32]], other: Mapping[str, NDArray[np.float32]]) -> float:
    return max(float(np.abs(one[name] - other[name]).max()) for name in (PROBABILITIES, CONFIDENCE))
