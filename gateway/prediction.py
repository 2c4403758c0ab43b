"""What a version of the model answers, checked against the agreement in contracts/model.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from contracts.features import FEATURE_NAMES, SCHEMA_VERSION, F
from contracts.json_fields import InvalidField
from contracts.model import CLASSES, Description
from contracts.serving_protos import PredictResponse
from contracts.tensors import from_proto
from gateway.errors import ModelUnavailableError, UnknownSchemaError


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the model that was asked what it is."""

    number: int
    description: Description


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for n accounts, from one call to one version.

    `probabilities` float32[n, 4], `confidence` float32[n], `contributions` float32[n, F, 4].
    """

    version: Version
    probabilities: NDArray[np.float32]
    confidence: NDArray[np.float32]
    contributions: NDArray[np.float32]


class Model(Protocol):
    """What the use case needs of the model."""

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        """The version that would answer now; `fresh` asks the server. Raises ModelUnavailableError."""

    def explain(self, features: NDArray[np.float32], request_id: str) -> Prediction:
        """Probabilities and contributions of float32[n, F]; raises ModelUnavailableError."""


def read_description(number: int, response: PredictResponse) -> Description:
    """The answer of `describe`; raises UnknownSchemaError."""
    try:
        description = Description.from_json(from_proto(response.outputs[names.DESCRIPTION])[0])
    except (InvalidField, ValueError, KeyError, IndexError, TypeError) as error:
        raise UnknownSchemaError(f"Version {number} of the model does not describe itself readably.") from error
    same = (description.schema_version, description.feature_names, description.classes)
    if same != (SCHEMA_VERSION, FEATURE_NAMES, CLASSES):
        raise UnknownSchemaError(
            f"Version {number} of the model reads feature schema {description.schema_version}, "
            f"this gateway writes schema {SCHEMA_VERSION}."
        )
    return description


def read_prediction(version: Version, response: PredictResponse, *, rows: int) -> Prediction:
    """The answer of `explain` for `rows` accounts; raises ModelUnavailableError."""
    return Prediction(
        version=version,
        probabilities=_output(response, names.PROBABILITIES, (rows, len(CLASSES))),
        confidence=_output(response, names.CONFIDENCE, (rows,)),
        contributions=_output(response, names.CONTRIBUTIONS, (rows, F, len(CLASSES))),
    )


def _output(response: PredictResponse, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        array = from_proto(response.outputs[name])
    except (ValueError, KeyError) as error:
        raise ModelUnavailableError(f"The model's {name} cannot be read.") from error
    if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
        raise ModelUnavailableError(f"The model's {name} are not what was agreed.")
    return array
