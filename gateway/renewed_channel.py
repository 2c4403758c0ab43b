"""Calls over a channel that is opened anew while nobody answers.

gRPC asks for the addresses behind a name ever more rarely while there are none, in the end every two minutes, and
offers no way to change that. A headless Service whose pods are all away for a moment has none; a new channel asks at
once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import grpc

from contracts.serving_protos import PredictRequest, PredictResponse
from gateway.model_channel import open_channel

SILENCE_S = 5.0
"""No answer for so long, and a call that cannot be sent, open the channel anew."""


class RenewedChannel:
    """TensorFlow Serving's Predict for all threads, at `target` (host:port or dns:///host:port)."""

    def __init__(self, target: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._target, self._now = target, now
        self._lock = threading.Lock()
        self._before: grpc.Channel | None = None
        self._open()

    def predict(
        self, request: PredictRequest, *, timeout: float, metadata: tuple[tuple[str, str], ...]
    ) -> PredictResponse:
        """The answer within `timeout` seconds; raises grpc.RpcError."""
        try:
            response = self._predict(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                self.renew()
            raise
        self._heard_at = self._now()
        return response

    def close(self) -> None:
        """Later calls fail."""
        self._channel.close()
        if self._before is not None:
            self._before.close()

    def renew(self) -> None:
        """Open the channel anew, unless somebody answered lately."""
        with self._lock:
            if self._now() - self._heard_at < SILENCE_S:
                return
            # Calls of other threads may still be under way on the last one; those on the one before are long over.
            if self._before is not None:
                self._before.close()
            self._before = self._channel
            self._open()

    def _open(self) -> None:
        self._channel = open_channel(self._target)
        self._predict: grpc.UnaryUnaryMultiCallable[PredictRequest, PredictResponse] = self._channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=PredictRequest.SerializeToString,
            response_deserializer=PredictResponse.FromString,
        )
        self._heard_at = self._now()
