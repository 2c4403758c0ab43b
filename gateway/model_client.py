"""The client of the model server, over TensorFlow Serving's own gRPC API; TensorFlow itself is never loaded.

A version is known before it is used: the label is resolved by asking `describe` with the label, the description is kept
for that version, and every later request names the version. A label may move while its old version is still served, so
it is asked again once a second; NOT_FOUND in between is resolved at once and the request repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from contracts.model import STABLE
from contracts.serving_protos import PredictResponse, TensorProto
from gateway.errors import ModelUnavailableError, NoVersionError
from gateway.metrics import Metrics
from gateway.model_calls import ModelCalls, NoSuchLabelError, VersionGoneError
from gateway.prediction import Prediction, Version, read_description, read_prediction, read_probabilities

LABEL_SECONDS = 1.0
"""How long a resolved label is believed."""


class ModelClient:
    """One label of the model; safe to share between threads. `another` asks for another label over the same channel.

    `target` is gRPC's host:port; `deadline_s` bounds every call, retries included. A label that is `optional` may be
    taken away: its version is then forgotten, while another one stays in use until the server names its successor.
    """

    def __init__(
        self,
        target: str,
        metrics: Metrics,
        *,
        label: str = STABLE,
        optional: bool = False,
        deadline_s: float = 2.0,
        now: Callable[[], float] = time.monotonic,
        calls: ModelCalls | None = None,
    ) -> None:
        self._target = target
        self._label = label
        self._optional = optional
        self._metrics = metrics
        self._now = now
        self._calls = calls or ModelCalls(target, metrics, deadline_s=deadline_s)
        self._absence: str | None = None
        self._known: Version | None = None
        self._document: TensorProto | None = None
        self._believed_until = float("-inf")
        self._resolving = threading.Lock()
        metrics.model_version.labels(label).set(0)

    def another(self, label: str) -> ModelClient:
        """The client of `label`, which need not be set, over the same channel."""
        return ModelClient(self._target, self._metrics, label=label, optional=True, now=self._now, calls=self._calls)

    @property
    def absence(self) -> str | None:
        """Why the last `find` gave nothing, as a sentence."""
        return self._absence

    def find(self, request_id: str, *, fresh: bool = False) -> Version | None:
        """The version of a label that need not be set: None where it is not, or its version cannot be used.

        As `version`, it asks once a second; that a label names nothing is believed as long.
        """
        if self._absence is not None and not fresh and self._now() < self._believed_until:
            return None
        try:
            found = self.version(request_id, fresh=fresh)
        except ModelUnavailableError as error:
            self._absence = str(error)
            self._believed_until = self._now() + LABEL_SECONDS
            return None
        self._absence = None
        return found

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        """The version that would answer now; `fresh` asks the server. Raises ModelUnavailableError."""
        known = self._known
        if known is None or fresh:
            return self._resolve(request_id, known, fresh=fresh)
        if self._now() >= self._believed_until and self._resolving.acquire(blocking=False):
            # Whoever comes first asks; the others go on with what is known, and so does this one if it gets no answer:
            # the request that follows will tell.
            try:
                return self._ask(request_id)
            except ModelUnavailableError:
                self._believed_until = self._now() + LABEL_SECONDS
                if self._known is None:
                    raise
            finally:
                self._resolving.release()
        return known

    def explain(self, features: NDArray[np.float32], request_id: str) -> Prediction:
        """Probabilities and contributions of float32[n, F]; raises ModelUnavailableError."""
        version, response = self._ask_version(names.EXPLAIN, features, request_id)
        return read_prediction(version, response, rows=len(features))

    def predict(self, features: NDArray[np.float32], request_id: str) -> tuple[Version, NDArray[np.float32]]:
        """Probabilities float32[n, 4] alone, and whose they are; raises ModelUnavailableError."""
        version, response = self._ask_version(names.PREDICT, features, request_id)
        return version, read_probabilities(response, rows=len(features))

    def close(self) -> None:
        """Close the channel; later calls fail."""
        self._calls.close()

    def _ask_version(
        self, signature: str, features: NDArray[np.float32], request_id: str
    ) -> tuple[Version, PredictResponse]:
        version = self.version(request_id)
        try:
            return version, self._calls.ask(version.number, signature, features, request_id)
        except VersionGoneError:
            version = self._resolve(request_id, version)
        try:
            return version, self._calls.ask(version.number, signature, features, request_id)
        except VersionGoneError as error:
            raise NoVersionError("The model is being replaced; try again.") from error

    def _resolve(self, request_id: str, outdated: Version | None, *, fresh: bool = False) -> Version:
        """Ask what the label names, unless another thread learned of a version other than `outdated` meanwhile."""
        if not self._resolving.acquire(timeout=self._calls.deadline_s):
            raise ModelUnavailableError("The model server did not answer in time.")
        try:
            known = self._known
            if known is not None and known is not outdated and not fresh:
                return known
            return self._ask(request_id)
        finally:
            self._resolving.release()

    def _ask(self, request_id: str) -> Version:
        try:
            response = self._calls.describe(self._label, request_id, optional=self._optional)
        except (NoSuchLabelError, VersionGoneError) as error:
            self._metrics.model_version.labels(self._label).set(0)
            if self._optional:
                self._known = None
            raise NoVersionError(f"The model server has no version ready under the label {self._label}.") from error
        number = response.model_spec.version.value
        known, document = self._known, response.outputs[names.DESCRIPTION]
        if known is None or known.number != number or self._document != document:
            known = Version(number, read_description(number, response))
        self._known, self._document = known, document
        self._believed_until = self._now() + LABEL_SECONDS
        self._metrics.model_version.labels(self._label).set(number)
        return known
