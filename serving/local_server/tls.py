"""The certificate of the gRPC listeners, for --ssl_config_file; REST stays plain, as in the original."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc

from serving.local_server.extra_messages import SSLConfig, read_text_message
from serving.local_server.model_configuration import UnreadableConfig


def read_credentials(path: str) -> grpc.ServerCredentials | None:
    """What the text proto SSLConfig at `path` says, whose fields hold PEM texts; None without a path.

    Raises UnreadableConfig.
    """
    if not path:
        return None
    config: Any = read_text_message(Path(path), SSLConfig)
    if not config.server_key or not config.server_cert:
        raise UnreadableConfig(f"{path} must hold server_key and server_cert, both as PEM texts.")
    if config.client_verify and not config.custom_ca:
        raise UnreadableConfig(f"{path} asks for client_verify, which needs custom_ca as a PEM text.")
    pair = (config.server_key.encode(), config.server_cert.encode())
    return grpc.ssl_server_credentials([pair], config.custom_ca.encode() or None, config.client_verify)
