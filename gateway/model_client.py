"""The client of the model server, over TensorFlow Serving's own gRPC API; TensorFlow itself is never loaded.

A version is known before it is used: the label is resolved by asking `describe` with the label, the description is kept
for that version, and every later request names the version. A label may move while its old version is still served, so
it is asked again once a second; NOT_FOUND in between is resolved at once and the request repeated.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from contracts.fetch_api import REQUEST_ID_HEADER
from contracts.model import MODEL_NAME, STABLE
from contracts.serving_protos import ModelSpec, PredictRequest, PredictResponse, TensorProto
from contracts.tensors import to_proto
from gateway.errors import ModelUnavailableError
from gateway.metrics import Metrics
from gateway.model_channel import open_channel
from gateway.prediction import Prediction, Version, read_description, read_prediction

_log = logging.getLogger(__name__)

LABEL_SECONDS = 1.0
"""How long a resolved label is believed."""


class ModelClient:
    """One channel for all threads. `target` is gRPC's host:port; `deadline_s` bounds every call, retries included."""

    def __init__(
        self,
        target: str,
        metrics: Metrics,
        *,
        label: str = STABLE,
        deadline_s: float = 2.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._now = now
        self._channel = open_channel(target)
        self._predict: grpc.UnaryUnaryMultiCallable[PredictRequest, PredictResponse] = self._channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=PredictRequest.SerializeToString,
            response_deserializer=PredictResponse.FromString,
        )
        self._known: Version | None = None
        self._document: TensorProto | None = None
        self._believed_until = float("-inf")
        self._resolving = threading.Lock()

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
            finally:
                self._resolving.release()
        return known

    def explain(self, features: NDArray[np.float32], request_id: str) -> Prediction:
        """Probabilities and contributions of float32[n, F]; raises ModelUnavailableError."""
        version = self.version(request_id)
        try:
            return self._explain(version, features, request_id)
        except _VersionGoneError:
            version = self._resolve(request_id, version)
        try:
            return self._explain(version, features, request_id)
        except _VersionGoneError as error:
            raise ModelUnavailableError("The model is being replaced; try again.") from error

    def close(self) -> None:
        """Close the channel; later calls fail."""
        self._channel.close()

    def _resolve(self, request_id: str, outdated: Version | None, *, fresh: bool = False) -> Version:
        """Ask what the label names, unless another thread learned of a version other than `outdated` meanwhile."""
        if not self._resolving.acquire(timeout=self._deadline_s):
            raise ModelUnavailableError(_SENTENCES[grpc.StatusCode.DEADLINE_EXCEEDED])
        try:
            known = self._known
            if known is not None and known is not outdated and not fresh:
                return known
            return self._ask(request_id)
        finally:
            self._resolving.release()

    def _ask(self, request_id: str) -> Version:
        spec = ModelSpec(name=MODEL_NAME, version_label=self._label, signature_name=names.DESCRIBE)
        try:
            response = self._call(spec, {names.ROWS: np.zeros(1, np.int32)}, request_id)
        except _VersionGoneError as error:
            raise ModelUnavailableError("The model server has no version ready.") from error
        number = response.model_spec.version.value
        known, document = self._known, response.outputs[names.DESCRIPTION]
        if known is None or known.number != number or self._document != document:
            known = Version(number, read_description(number, response))
        self._known, self._document = known, document
        self._believed_until = self._now() + LABEL_SECONDS
        self._metrics.model_version.labels(self._label).set(number)
        return known

    def _explain(self, version: Version, features: NDArray[np.float32], request_id: str) -> Prediction:
        spec = ModelSpec(name=MODEL_NAME, signature_name=names.EXPLAIN)
        spec.version.value = version.number
        response = self._call(spec, {names.FEATURES: features}, request_id)
        return read_prediction(version, response, rows=len(features))

    def _call(self, spec: ModelSpec, inputs: Mapping[str, NDArray[Any]], request_id: str) -> PredictResponse:
        request = PredictRequest(model_spec=spec)
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(to_proto(array))
        with self._metrics.hop("model", spec.signature_name) as hop:
            try:
                metadata = ((REQUEST_ID_HEADER.lower(), request_id),)
                response = self._predict(request, timeout=self._deadline_s, metadata=metadata)
            except grpc.RpcError as error:
                code = error.code()
                hop.outcome = code.name.lower().replace("_", "-")
                fields = {"signature": spec.signature_name, "code": hop.outcome, "details": error.details()}
                _log.warning("The model server gave an error.", extra={"fields": fields})
                if code is grpc.StatusCode.NOT_FOUND:
                    raise _VersionGoneError from error
                raise ModelUnavailableError(_SENTENCES.get(code, "The model server refused the request.")) from error
            hop.outcome = "ok"
            return response


class _VersionGoneError(Exception):
    """NOT_FOUND: the version was taken away between two requests."""


_SENTENCES = {
    grpc.StatusCode.UNAVAILABLE: "The model server cannot be reached.",
    grpc.StatusCode.DEADLINE_EXCEEDED: "The model server did not answer in time.",
    grpc.StatusCode.INVALID_ARGUMENT: "The model server has no version under the label in use.",
}
