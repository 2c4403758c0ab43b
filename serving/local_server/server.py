"""Puts the parts together, in the original's order: first the models, then the ports."""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import grpc

from contracts.serving_protos import ModelServerConfig
from serving.local_server.background import NICENESS
from serving.local_server.data_plane import DataPlane
from serving.local_server.errors import StatusError
from serving.local_server.extra_messages import MonitoringConfig, read_text_message
from serving.local_server.flags import Flags
from serving.local_server.grpc_api import create_server
from serving.local_server.http_server import Answer, HttpServer
from serving.local_server.loader import saved_model_loader
from serving.local_server.manager import LoadGraph, LoadOptions, ServableManager
from serving.local_server.metrics import Metrics
from serving.local_server.model_configuration import UnreadableConfig, read_config_file, single_model
from serving.local_server.models import Models
from serving.local_server.output_tensors import write_content, write_typed
from serving.local_server.rest_api import Reply, RestApi
from serving.local_server.rest_paths import PREFIX
from serving.local_server.state_monitor import StateMonitor
from serving.local_server.tls import read_credentials

METRICS_PATH = "/monitoring/prometheus/metrics"

_log = logging.getLogger(__name__)


class CannotListen(Exception):  # noqa: N818 - it says what is the matter.
    """A port is taken or an address is not ours."""


class ModelServer:
    """The server behind one command line. `start`, then `stop`; both once."""

    def __init__(self, flags: Flags, *, load_graph: LoadGraph | None = None, niceness: int = NICENESS) -> None:
        """`load_graph` None = TensorFlow; `niceness` is how far loads give way to requests.

        Opening its library may raise TensorFlowNotFound, reading the batching parameters UnreadableConfig and
        InvalidArgument.
        """
        self.flags = flags
        self.metrics = Metrics()
        monitor = StateMonitor()
        options = LoadOptions(
            retries=flags.max_num_load_retries,
            retry_interval_s=flags.load_retry_interval_micros / 1e6,
            parallel=max(1, flags.num_load_threads),
            niceness=niceness,
        )
        self.models = Models(
            ServableManager(load_graph or saved_model_loader(flags, self.metrics), monitor, options),
            monitor,
            poll_s=flags.file_system_poll_wait_seconds,
            allow_labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
        )
        write = write_content if flags.enable_serialization_as_tensor_content else write_typed
        self.plane = DataPlane(
            self.models, self.metrics, write_tensor=write, check_methods=flags.enable_signature_method_name_check
        )
        self.grpc_port = self.rest_port = 0
        self._grpc: grpc.Server | None = None
        self._http: HttpServer | None = None
        self._stopping = Event()

    def start(self) -> None:
        """Load the models, then open the ports: an open port means ready.

        Waits as long as a base path is missing or empty. Raises UnreadableConfig, StatusError and CannotListen.
        """
        monitoring = self._read_monitoring()
        credentials = read_credentials(self.flags.ssl_config_file)
        config = self._read_config()
        self.models.start()
        self.models.reload(config)
        self._open_grpc(credentials)
        if 0 < self.flags.rest_api_port == self.flags.port:
            _log.error("--rest_api_port cannot be same as --port. Please use a different port for HTTP/REST API.")
        elif self.flags.rest_api_port:
            self._open_http(monitoring)
        gc.collect()
        gc.freeze()  # What is there now stays; looking through it for garbage again and again holds requests up.
        if self.flags.model_config_file and self.flags.model_config_file_poll_wait_seconds > 0:
            Thread(target=self._poll_config, name="config", daemon=True).start()

    def stop(self) -> None:
        """Refuse new calls (UNAVAILABLE) and let those under way end within the grace time."""
        self._stopping.set()
        grace_s = self.flags.shutdown_grace_seconds
        stopping = self._grpc.stop(grace_s) if self._grpc else None
        if self._http:
            self._http.stop(grace_s)
        if stopping:
            stopping.wait()
        self.models.stop()

    def _open_grpc(self, credentials: grpc.ServerCredentials | None) -> None:
        server = create_server(
            self.plane,
            self.metrics,
            max_threads=self.flags.grpc_max_threads,
            channel_arguments=channel_arguments(self.flags.grpc_channel_arguments),
            health=self.flags.enable_grpc_healthcheck_service,
        )
        addresses = [f"unix:{self.flags.grpc_socket_path}"] if self.flags.grpc_socket_path else []
        if self.flags.port:
            addresses.append(f"{self.flags.bind_address}:{self.flags.port}")
        for address in addresses:
            try:
                self.grpc_port = (
                    server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
                )
            except RuntimeError as error:
                raise CannotListen(f"Cannot listen on {address}: {error}") from error
        server.start()
        self._grpc = server
        _log.info("Running gRPC ModelServer at %s ...", " and ".join(addresses))

    def _open_http(self, monitoring: Any) -> None:
        host, port = self.flags.bind_address, self.flags.rest_api_port
        try:
            server = HttpServer(host, port, max_requests=self.flags.rest_api_num_threads)
        except OSError as error:
            raise CannotListen(f"Cannot listen on {host}:{port}: {error}") from error
        api = RestApi(
            self.plane,
            self.metrics,
            timeout_s=self.flags.rest_api_timeout_in_ms / 1000 if self.flags.rest_api_timeout_in_ms > 0 else None,
            cors=self.flags.rest_api_enable_cors_support,
        )
        if monitoring is not None and monitoring.prometheus_config.enable:
            server.route(*self._metrics_page(monitoring.prometheus_config.path or METRICS_PATH))
        server.route(lambda path: PREFIX.fullmatch(path) is not None, api.answer)
        server.serve()
        self._http, self.rest_port = server, server.port
        _log.info("Exporting HTTP/REST API at:%s:%d ...", host, server.port)

    def _metrics_page(self, wanted: str) -> tuple[Callable[[str], bool], Answer]:
        """The paths and the answer of the page of metrics, which takes no query."""

        def answer(_method: str, path: str, _headers: Mapping[str, str], _body: bytes) -> Reply:
            plain = {"Content-Type": "text/plain"}
            if path != wanted:
                return Reply(400, f"Unexpected path: {path}. Should be {wanted}".encode(), plain)
            return Reply(200, self.metrics.page().encode(), plain)

        return lambda path: re.split("[?#]", path, maxsplit=1)[0] == wanted, answer

    def _read_monitoring(self) -> Any:
        path = self.flags.monitoring_config_file
        return read_text_message(Path(path), MonitoringConfig) if path else None

    def _read_config(self) -> ModelServerConfig:
        if self.flags.model_config_file:
            return read_config_file(Path(self.flags.model_config_file))
        return single_model(self.flags.model_name, self.flags.model_base_path)

    def _poll_config(self) -> None:
        """Apply the configuration file again and again; a bad one is only logged, and the old one stays."""
        while not self._stopping.wait(self.flags.model_config_file_poll_wait_seconds):
            try:
                self.models.reload(self._read_config())
            except (UnreadableConfig, StatusError) as error:
                _log.error("PollFilesystemAndReloadConfig failed: %s", error)


def channel_arguments(text: str) -> list[tuple[str, str | int]]:
    """`k=v,k=v` as gRPC takes it: a value that is an int32 travels as a number, any other as text."""
    pairs = [part.partition("=") for part in text.split(",") if "=" in part]
    return [(key, int(value) if _is_int32(value) else value) for key, _, value in pairs]


def _is_int32(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,10}", text) is not None and -(2**31) <= int(text) < 2**31
