"""Single requests to the model server: one channel for all threads, bounded, timed, and with typed errors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from contracts import model as names
from contracts.fetch_api import REQUEST_ID_HEADER
from contracts.model import MODEL_NAME
from contracts.serving_protos import ModelSpec, PredictRequest, PredictResponse
from contracts.tensors import fill
from gateway.errors import ModelUnavailableError
from gateway.metrics import Metrics
from gateway.renewed_channel import RenewedChannel

_log = logging.getLogger(__name__)


class VersionGoneError(Exception):
    """NOT_FOUND: the version, or the one that the label names, is not loaded."""


class NoSuchLabelError(Exception):
    """INVALID_ARGUMENT to a request that names a label: the label is not set."""


class ModelCalls:
    """`target` is gRPC's host:port; `deadline_s` bounds every call, retries included."""

    def __init__(self, target: str, metrics: Metrics, *, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._metrics = metrics
        self._channel = RenewedChannel(target)

    def describe(self, label: str, request_id: str, *, optional: bool) -> PredictResponse:
        """What the version under `label` says of itself; that an `optional` label is absent is no cause for a warning.

        Raises NoSuchLabelError, VersionGoneError or ModelUnavailableError.
        """
        spec = ModelSpec(name=MODEL_NAME, version_label=label, signature_name=names.DESCRIBE)
        return self._call(spec, {names.ROWS: np.zeros(1, np.int32)}, request_id, quiet=_ABSENT if optional else ())

    def describe_version(self, number: int, request_id: str) -> PredictResponse:
        """What version `number` says of itself; raises VersionGoneError or ModelUnavailableError."""
        spec = ModelSpec(name=MODEL_NAME, signature_name=names.DESCRIBE)
        spec.version.value = number
        return self._call(spec, {names.ROWS: np.zeros(1, np.int32)}, request_id, quiet=(grpc.StatusCode.NOT_FOUND,))

    def ask(self, number: int, signature: str, features: NDArray[np.float32], request_id: str) -> PredictResponse:
        """`signature` of version `number` for float32[n, F]; raises VersionGoneError or ModelUnavailableError."""
        spec = ModelSpec(name=MODEL_NAME, signature_name=signature)
        spec.version.value = number
        return self._call(spec, {names.FEATURES: features}, request_id, quiet=(grpc.StatusCode.NOT_FOUND,))

    def close(self) -> None:
        """Close the channel; later calls fail."""
        self._channel.close()

    def _call(
        self,
        spec: ModelSpec,
        inputs: Mapping[str, NDArray[Any]],
        request_id: str,
        *,
        quiet: tuple[grpc.StatusCode, ...],
    ) -> PredictResponse:
        request = PredictRequest(model_spec=spec)
        for name, array in inputs.items():
            fill(request.inputs[name], array)
        with self._metrics.hop("model", spec.signature_name) as hop:
            try:
                metadata = ((REQUEST_ID_HEADER.lower(), request_id),)
                response = self._channel.predict(request, timeout=self.deadline_s, metadata=metadata)
            except grpc.RpcError as error:
                code = error.code()
                hop.outcome = code.name.lower().replace("_", "-")
                fields = {"signature": spec.signature_name, "code": hop.outcome, "details": error.details()}
                level = logging.DEBUG if code in quiet else logging.WARNING
                _log.log(level, "The model server gave an error.", extra={"fields": fields})
                if code is grpc.StatusCode.NOT_FOUND:
                    raise VersionGoneError from error
                if code is grpc.StatusCode.INVALID_ARGUMENT and spec.version_label:
                    raise NoSuchLabelError from error
                raise ModelUnavailableError(_SENTENCES.get(code, "The model server refused the request.")) from error
            hop.outcome = "ok"
            return response


_ABSENT = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
_SENTENCES = {
    grpc.StatusCode.UNAVAILABLE: "The model server cannot be reached.",
    grpc.StatusCode.DEADLINE_EXCEEDED: "The model server did not answer in time.",
}
