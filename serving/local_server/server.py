"""Puts the parts together, in the original's order: first the models, then the ports."""

from __future__ import annotations

import logging
from pathlib import Path

import grpc

from contracts.serving_protos import ConfigProto, ModelServerConfig
from serving.local_server.data_plane import DataPlane
from serving.local_server.executor import Executor, TensorFlowLibrary
from serving.local_server.flags import Flags
from serving.local_server.grpc_api import create_server
from serving.local_server.http_server import HttpServer
from serving.local_server.manager import LoadGraph, LoadOptions, ServableManager
from serving.local_server.model_configuration import read_config_file, single_model
from serving.local_server.models import Models
from serving.local_server.output_tensors import write_content, write_typed
from serving.local_server.rest_api import RestApi
from serving.local_server.rest_paths import PREFIX
from serving.local_server.state_monitor import StateMonitor

_log = logging.getLogger(__name__)


class CannotListen(Exception):  # noqa: N818 - it says what is the matter.
    """A port is taken or an address is not ours."""


class ModelServer:
    """The server behind one command line. `start`, then `stop`; both once."""

    def __init__(self, flags: Flags, *, load_graph: LoadGraph | None = None) -> None:
        """`load_graph` None = TensorFlow; opening its library may raise TensorFlowNotFound."""
        self.flags = flags
        monitor = StateMonitor()
        options = LoadOptions(
            retries=flags.max_num_load_retries,
            retry_interval_s=flags.load_retry_interval_micros / 1e6,
            parallel=max(1, flags.num_load_threads),
        )
        self.models = Models(
            ServableManager(load_graph or saved_model_loader(flags), monitor, options),
            monitor,
            poll_s=flags.file_system_poll_wait_seconds,
            allow_labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
        )
        write = write_content if flags.enable_serialization_as_tensor_content else write_typed
        self.plane = DataPlane(self.models, write_tensor=write)
        self.grpc_port = 0
        self._grpc: grpc.Server | None = None
        self._http: HttpServer | None = None

    def start(self) -> None:
        """Load the models, then open the ports: an open port means ready.

        Waits as long as a base path is missing or empty. Raises UnreadableConfig, StatusError and CannotListen.
        """
        config = self._read_config()
        self.models.start()
        self.models.reload(config)
        server = create_server(
            self.plane,
            max_threads=self.flags.grpc_max_threads,
            channel_arguments=_channel_arguments(self.flags.grpc_channel_arguments),
        )
        addresses = [f"{self.flags.bind_address}:{self.flags.port}"] if self.flags.port else []
        if self.flags.grpc_socket_path:
            addresses.append(f"unix:{self.flags.grpc_socket_path}")
        for address in addresses:
            try:
                self.grpc_port = server.add_insecure_port(address)
            except RuntimeError as error:
                raise CannotListen(f"Cannot listen on {address}: {error}") from error
        server.start()
        self._grpc = server
        _log.info("Running gRPC ModelServer at %s ...", " and ".join(addresses))
        if self.flags.rest_api_port == self.flags.port:
            if self.flags.port:
                _log.error(
                    "--rest_api_port cannot be the same as --port. Please use a different port for HTTP/REST API."
                )
        elif self.flags.rest_api_port:
            self._open_http()

    def stop(self) -> None:
        """Refuse new calls (UNAVAILABLE), let those under way end within the grace time, and free nothing early."""
        grace_s = self.flags.shutdown_grace_seconds
        stopping = self._grpc.stop(grace_s) if self._grpc else None
        if self._http:
            self._http.stop(grace_s)
        if stopping:
            stopping.wait()
        self.models.stop()

    def _open_http(self) -> None:
        host, port = self.flags.bind_address, self.flags.rest_api_port
        try:
            server = HttpServer(host, port, max_requests=self.flags.rest_api_num_threads)
        except OSError as error:
            raise CannotListen(f"Cannot listen on {host}:{port}: {error}") from error
        api = RestApi(
            self.plane,
            timeout_s=self.flags.rest_api_timeout_in_ms / 1000,
            cors=self.flags.rest_api_enable_cors_support,
        )
        server.route(lambda path: PREFIX.fullmatch(path) is not None, api.answer)
        server.serve()
        self._http = server
        _log.info("Exporting HTTP/REST API at:%s:%d ...", host, server.port)

    def _read_config(self) -> ModelServerConfig:
        if self.flags.model_config_file:
            return read_config_file(Path(self.flags.model_config_file))
        return single_model(self.flags.model_name, self.flags.model_base_path)


def saved_model_loader(flags: Flags) -> LoadGraph:
    """Loads SavedModels by TensorFlow, as the flags say."""
    library = TensorFlowLibrary.installed()
    both = flags.tensorflow_session_parallelism
    config = ConfigProto(
        intra_op_parallelism_threads=flags.tensorflow_intra_op_parallelism or both,
        inter_op_parallelism_threads=flags.tensorflow_inter_op_parallelism or both,
    )
    tags = [tag for tag in flags.saved_model_tags.split(",") if tag]
    return lambda path: Executor(library, path, tags, config)


def _channel_arguments(text: str) -> list[tuple[str, str | int]]:
    pairs = [part.partition("=") for part in text.split(",") if "=" in part]
    return [(key, int(value) if value.lstrip("-").isdigit() else value) for key, _, value in pairs]
