"""The command line of tensorflow_model_server: its flags, their defaults, its syntax.

Source: tensorflow_serving/model_servers/main.cc and tensorflow/core/util/command_line_flags.cc.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any


class InvalidFlag(Exception):  # noqa: N818 - it names what was given.
    """A value does not fit its flag, or flags contradict each other; the message is for the person who typed it."""


def _flag(default: Any, usage: str) -> Any:
    return field(default=default, metadata={"usage": usage})


_THREADS = 4 * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the command line said. The last group is ours; the original would report it as unknown and start."""

    port: int = _flag(8500, "TCP port to listen on for gRPC/HTTP API. Disabled if port set to zero.")
    grpc_socket_path: str = _flag("", "If non-empty, listen to a UNIX socket for gRPC API on the given path.")
    rest_api_port: int = _flag(0, "Port to listen on for HTTP/REST API. 0 = off; must differ from --port.")
    rest_api_num_threads: int = _flag(_THREADS, "Number of threads for HTTP/REST API processing.")
    rest_api_timeout_in_ms: int = _flag(30000, "Timeout for HTTP/REST API calls; 0 = none.")
    rest_api_enable_cors_support: bool = _flag(False, "Enable CORS headers in response.")
    grpc_max_threads: int = _flag(_THREADS, "Max grpc server threads to handle grpc messages.")
    grpc_channel_arguments: str = _flag("", "Comma separated list of arguments of the gRPC server, k=v.")
    enable_grpc_healthcheck_service: bool = _flag(False, "Enable the standard gRPC healthcheck service.")
    enable_model_warmup: bool = _flag(True, "Warm up with assets.extra/tf_serving_warmup_requests at load.")
    num_request_iterations_for_warmup: int = _flag(0, "Number of times each warm-up request is sent, if > 0.")
    enable_batching: bool = _flag(False, "Run requests that come together as one batch.")
    batching_parameters_file: str = _flag("", "Text proto BatchingParameters; needs --enable_batching.")
    enable_per_model_batching_parameters: bool = _flag(False, "Read VERSION/batching_params.pbtxt where it is present.")
    model_config_file: str = _flag("", "Text proto ModelServerConfig; then --model_name and _base_path are ignored.")
    model_config_file_poll_wait_seconds: int = _flag(0, "Seconds between reads of --model_config_file; 0 = once.")
    model_name: str = _flag("default", "Name of the model, without --model_config_file.")
    model_base_path: str = _flag("", "Path to export (ignored with --model_config_file, else required).")
    num_load_threads: int = _flag(0, "Loads that run side by side; 0 = one.")
    num_unload_threads: int = _flag(0, "Accepted; every unload has a thread of its own.")
    max_num_load_retries: int = _flag(5, "Times a failed load is tried again.")
    load_retry_interval_micros: int = _flag(60_000_000, "Microseconds between two tries.")
    file_system_poll_wait_seconds: int = _flag(1, "Seconds between looks for new versions; 0 = once, < 0 = never.")
    flush_filesystem_caches: bool = _flag(True, "Accepted; without visible effect.")
    tensorflow_session_parallelism: int = _flag(0, "Threads of a session, both kinds; 0 = see the next two.")
    tensorflow_session_config_file: str = _flag("", "Text proto ConfigProto of the sessions; the other flags win.")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads within an operation; 0 = one.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Operations that run side by side; 0 = TensorFlow chooses.")
    ssl_config_file: str = _flag("", "Text proto SSLConfig; then gRPC is served over TLS alone.")
    platform_config_file: str = _flag("", "Not offered here: must be empty.")
    per_process_gpu_memory_fraction: float = _flag(0.0, "Accepted; this server uses the CPU.")
    saved_model_tags: str = _flag("serve", "Comma-separated tags of the meta graph to load.")
    xla_cpu_compilation_enabled: bool = _flag(False, "Accepted; XLA runs where a graph asks for it.")
    xla_gpu_compilation_enabled: bool = _flag(False, "Accepted; this server uses the CPU.")
    enable_profiler: bool = _flag(True, "Accepted; there is no profiler service.")
    monitoring_config_file: str = _flag("", "Text proto MonitoringConfig; without it there is no metrics page.")
    enable_signature_method_name_check: bool = _flag(False, "Check the method_name of signatures.")
    remove_unused_fields_from_bundle_metagraph: bool = _flag(True, "Accepted; without visible effect.")
    prefer_tflite_model: bool = _flag(False, "Run VERSION/model.tflite where it is present.")
    num_tflite_pools: int = _flag(1, "Accepted; every thread has an interpreter.")
    num_tflite_interpreters_per_pool: int = _flag(1, "Accepted; every thread has an interpreter.")
    enable_serialization_as_tensor_content: bool = _flag(False, "Write outputs as tensor_content.")
    allow_version_labels_for_unavailable_models: bool = _flag(False, "Let new labels point to absent versions.")
    thread_pool_factory_config_file: str = _flag("", "Accepted; without effect.")
    use_alts_credentials: bool = _flag(False, "Not offered here: must be false.")
    mixed_precision: str = _flag("", "Accepted; without effect.")
    skip_initialize_tpu: bool = _flag(False, "Accepted; this server uses the CPU.")
    version: bool = _flag(False, "Display the version and exit.")

    bind_address: str = _flag("0.0.0.0", "Ours: the address to listen on.")  # noqa: S104 - the original's only choice.
    run_operations_one_by_one: bool = _flag(False, "Ours: quicker for small graphs; errors do not name their node.")
    shutdown_grace_seconds: int = _flag(30, "Ours: seconds that requests under way have after SIGTERM.")


def parse_flags(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """`--flag=value`, and bare `--flag` for a true bool; also the arguments that no flag knows. Raises InvalidFlag."""
    kinds = {each.name: type(each.default) for each in fields(Flags)}
    values: dict[str, Any] = {}
    unknown = []
    for argument in arguments:
        name, equals, text = argument.removeprefix("--").partition("=")
        kind = kinds.get(name) if argument.startswith("--") else None
        if kind is None or (not equals and kind is not bool):
            unknown.append(argument)
        else:
            values[name] = _read(name, kind, text if equals else "true")
    return Flags(**values), unknown


def check_flags(flags: Flags) -> None:
    """What the original refuses to start with, and what it would not survive; raises InvalidFlag."""
    for name in ("port", "rest_api_port"):
        if not 0 <= getattr(flags, name) < 2**16:
            raise InvalidFlag(f"INVALID_ARGUMENT: --{name}={getattr(flags, name)} is not the number of a port.")
    for name in ("grpc_max_threads", "rest_api_num_threads"):
        if getattr(flags, name) < 1:
            raise InvalidFlag(f"INVALID_ARGUMENT: --{name} must be at least 1.")
    if flags.port == 0 and not flags.grpc_socket_path:
        raise InvalidFlag("INVALID_ARGUMENT: server_options.grpc_port is not set.")
    if not flags.model_config_file and not (flags.model_name and flags.model_base_path):
        raise InvalidFlag(
            "INVALID_ARGUMENT: Both server_options.model_base_path and server_options.model_config_file are empty!"
        )
    if flags.batching_parameters_file and not flags.enable_batching:
        raise InvalidFlag(
            "INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting "
            "server_options.enable_batching to true."
        )
    threads = (
        flags.tensorflow_session_parallelism,
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
    )
    if all(number > 0 for number in threads):
        raise InvalidFlag(
            "INVALID_ARGUMENT: Either configure server_options.tensorflow_session_parallelism or "
            "(server_options.tensorflow_intra_op_parallelism, server_options.tensorflow_inter_op_parallelism) "
            "separately. You cannot configure all."
        )
    for name in ("platform_config_file", "use_alts_credentials"):
        if getattr(flags, name):
            raise InvalidFlag(f"UNIMPLEMENTED: --{name} is not offered by the local model server.")


def usage() -> str:
    """All flags, as TensorFlow prints them."""
    names = {bool: "bool", int: "int32", float: "float", str: "string"}
    lines = [
        f"\t--{each.name}={_show(each.default)}\t{names[type(each.default)]}\t{each.metadata['usage']}"
        for each in fields(Flags)
    ]
    return "\n".join(["usage: python -m serving.local_server", "Flags:", *lines])


def _read(name: str, kind: type, text: str) -> Any:
    if kind is bool:
        if text.lower() in {"true", "1"}:
            return True
        if text.lower() in {"false", "0"}:
            return False
        raise InvalidFlag(f"Couldn't interpret value {text} for flag {name}.")
    try:
        return kind(text)
    except ValueError:
        raise InvalidFlag(f"Couldn't interpret value {text} for flag {name}.") from None


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
