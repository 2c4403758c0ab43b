"""What a version of the model answers, checked against the agreement in contracts/model.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from contracts.features import FEATURE_NAMES, SCHEMA_VERSION, F
from contracts.json_fields import InvalidField
from contracts.model import CLASSES, Description
from contracts.platforms import Platform
from contracts.serving_protos import PredictResponse
from contracts.tensors import from_proto
from gateway.errors import ModelUnavailableError, UnknownSchemaError
from gateway.view_accuracy import ViewAccuracy, view_accuracy


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the model that was asked what it is."""

    number: int
    description: Description
    _views: dict[tuple[Platform, tuple[str, ...]], ViewAccuracy | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def view(self, platform: Platform, known: tuple[str, ...]) -> ViewAccuracy | None:
        """How often the version is right where no more is `known`; None where that was not measured."""
        asked = platform, known
        if asked not in self._views:
            self._views[asked] = view_accuracy(self.description.card, platform, known)
        return self._views[asked]


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
    """One label of the model; gateway/model_client.py is the real one."""

    @property
    def absence(self) -> str | None:
        """Why the last `find` gave nothing, as a sentence."""

    def another(self, label: str) -> Model:
        """The same for `label`, which need not be set."""

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        """The version that would answer now; `fresh` asks the server. Raises ModelUnavailableError."""

    def find(self, request_id: str, *, fresh: bool = False) -> Version | None:
        """The same of a label that need not be set, None where it names nothing that can answer."""

    def explain(self, features: NDArray[np.float32], request_id: str) -> Prediction:
        """Probabilities and contributions of float32[n, F]; raises ModelUnavailableError."""

    def predict(self, features: NDArray[np.float32], request_id: str) -> tuple[Version, NDArray[np.float32]]:
        """Probabilities float32[n, 4] alone, and whose they are; raises ModelUnavailableError."""


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


def read_scores(version: Version, response: PredictResponse, *, rows: int, explained: bool) -> Prediction:
    """The answer of `serving_default`, whose contributions are empty (F of 0), or of `explain`.

    Raises ModelUnavailableError.
    """
    if explained:
        return read_prediction(version, response, rows=rows)
    return Prediction(
        version=version,
        probabilities=read_probabilities(response, rows=rows),
        confidence=_output(response, names.CONFIDENCE, (rows,)),
        contributions=np.empty((rows, 0, len(CLASSES)), np.float32),
    )


def read_probabilities(response: PredictResponse, *, rows: int) -> NDArray[np.float32]:
    """The probabilities alone, float32[rows, 4]; raises ModelUnavailableError."""
    return _output(response, names.PROBABILITIES, (rows, len(CLASSES)))


def _output(response: PredictResponse, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        array = from_proto(response.outputs[name])
    except (ValueError, KeyError) as error:
        raise ModelUnavailableError(f"The model's {name} cannot be read.") from error
    if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
        raise ModelUnavailableError(f"The model's {name} are not what was agreed.")
    return array
