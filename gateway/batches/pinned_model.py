"""One version of the model by its number, as a batch uses it: label moves do not touch it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from gateway.errors import NoVersionError
from gateway.model_calls import ModelCalls, VersionGoneError
from gateway.prediction import Prediction, Version, read_description, read_scores


class Versions(Protocol):
    """What a batch needs of the model server."""

    def version(self, number: int, request_id: str) -> Version:
        """That version, asked just now; raises NoVersionError where it is not loaded, else ModelUnavailableError."""

    def score(self, version: Version, features: NDArray[np.float32], request_id: str, *, explain: bool) -> Prediction:
        """Probabilities of float32[n, F] in one call, with contributions only where asked; raises as `version`."""


class PinnedModel:
    """Speaks to the model server; safe to share between threads."""

    def __init__(self, calls: ModelCalls) -> None:
        self._calls = calls

    def version(self, number: int, request_id: str) -> Version:
        """As the protocol says."""
        try:
            response = self._calls.describe_version(number, request_id)
        except VersionGoneError as error:
            raise NoVersionError(_GONE.format(number)) from error
        return Version(number, read_description(number, response))

    def score(self, version: Version, features: NDArray[np.float32], request_id: str, *, explain: bool) -> Prediction:
        """As the protocol says."""
        signature = names.EXPLAIN if explain else names.PREDICT
        try:
            response = self._calls.ask(version.number, signature, features, request_id)
        except VersionGoneError as error:
            raise NoVersionError(_GONE.format(version.number)) from error
        return read_scores(version, response, rows=len(features), explained=explain)


_GONE = "Version {} of the model is not loaded."
