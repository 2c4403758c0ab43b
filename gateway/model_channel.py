"""The gRPC channel to the model server: one for all threads of the process."""

from __future__ import annotations

import json
from typing import Any

import grpc

_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A server that ends a connection for its age wants its clients to ask DNS again; gRPC would wait 30 s by itself.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    (
        "grpc.service_config",
        json.dumps(
            {
                "loadBalancingConfig": [{"round_robin": {}}],
                "methodConfig": [
                    {
                        "name": [{"service": "tensorflow.serving.PredictionService"}],
                        "retryPolicy": {
                            "maxAttempts": 3,
                            "initialBackoff": "0.05s",
                            "maxBackoff": "0.5s",
                            "backoffMultiplier": 2,
                            "retryableStatusCodes": ["UNAVAILABLE"],
                        },
                    }
                ],
            }
        ),
    ),
)
"""Messages of any size, one connection per replica, and gRPC's own retries within the deadline of the call."""


def open_channel(target: str) -> grpc.Channel:
    """A channel to `target` (host:port, or dns:///host:port for every replica behind a name); connects when used."""
    return grpc.insecure_channel(target, options=_OPTIONS)
