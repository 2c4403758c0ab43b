"""The one command line of the model server, for the supervisor, compose and Kubernetes alike.

The flags are TensorFlow Serving's own, so that the same list drives its container and the local server; only
`LOCAL_ONLY` is for the latter.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from serving.config import Config
from serving.store import Store

MONITORING = Path(__file__).with_name("monitoring.config")

LOCAL_ONLY = ("--run_operations_one_by_one=true",)
"""The local server's own flags, by which it answers one account sooner."""


def server_flags(config: Config, *, port: int, rest_port: int) -> list[str]:
    """What the original and the local server take alike.

    The configuration file is read once: later changes come by HandleReloadConfigRequest from the promotion, and the
    file is only for the next start (no polling, which would undo a reload between two writes).
    """
    return [
        f"--port={port}",
        f"--rest_api_port={rest_port}",
        f"--model_config_file={Store(config.store).config_file}",
        "--allow_version_labels_for_unavailable_models=true",
        # A broken version should be refused within seconds; the default is five more tries, a minute apart.
        "--max_num_load_retries=2",
        "--load_retry_interval_micros=1000000",
        f"--monitoring_config_file={MONITORING}",
    ]


def local_command(config: Config, environ: Mapping[str, str]) -> list[str]:
    """The local model server as `make run` starts it, by MODEL_GRPC_PORT, MODEL_REST_PORT and BIND_HOST."""
    return [
        *(sys.executable, "-m", "serving.local_server"),
        *server_flags(
            config,
            port=int(environ.get("MODEL_GRPC_PORT") or 8500),
            rest_port=int(environ.get("MODEL_REST_PORT") or 8501),
        ),
        *LOCAL_ONLY,
        f"--bind_address={environ.get('BIND_HOST') or '127.0.0.1'}",
    ]
