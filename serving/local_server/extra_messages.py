"""Messages for which `tensorflow-serving-api` and `grpcio` bring no Python: built here from their fields.

Sources: config/monitoring_config.proto, config/ssl_config.proto and servables/tensorflow/session_bundle_config.proto of
TensorFlow Serving, and grpc/health/v1/health.proto. The descriptors live in a pool of their own, so they never clash
with the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import Message

from serving.local_server.model_configuration import UnreadableConfig

_TYPES = descriptor_pb2.FieldDescriptorProto
_WRAPPED = {"int64": _TYPES.TYPE_INT64, "bool": _TYPES.TYPE_BOOL, "string": _TYPES.TYPE_STRING}
_BATCHING = {
    "max_batch_size": "Int64Value",
    "batch_timeout_micros": "Int64Value",
    "max_enqueued_batches": "Int64Value",
    "num_batch_threads": "Int64Value",
    "thread_pool_name": "StringValue",
    "allowed_batch_sizes": "repeated int64",
    "pad_variable_length_inputs": "bool",
    "enable_large_batch_splitting": "BoolValue",
    "max_execution_batch_size": "Int64Value",
}
_MESSAGES: Mapping[str, Mapping[str, str]] = {
    "Int64Value": {"value": "int64"},
    "StringValue": {"value": "string"},
    "BoolValue": {"value": "bool"},
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": "PrometheusConfig"},
    "BatchingParameters": _BATCHING,
    "SSLConfig": {"server_key": "string", "server_cert": "string", "custom_ca": "string", "client_verify": "bool"},
    "HealthCheckRequest": {"service": "string"},
    "HealthCheckResponse": {"status": "int64"},
}
"""Message -> field -> type; field numbers count from 1, as in the originals where they matter (health)."""


def _build() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(name="rollcall/extra.proto", package="rollcall.extra", syntax="proto3")
    for name, members in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (member, kind) in enumerate(members.items(), 1):
            repeated, base = kind.startswith("repeated "), kind.removeprefix("repeated ")
            label = _TYPES.LABEL_REPEATED if repeated else _TYPES.LABEL_OPTIONAL
            added = message.field.add(name=member, number=number, label=label)
            if base in _WRAPPED:
                added.type = _WRAPPED[base]
            else:
                added.type, added.type_name = _TYPES.TYPE_MESSAGE, f".rollcall.extra.{base}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"rollcall.extra.{name}"))
        for name in _MESSAGES
    }


_CLASSES = _build()
MonitoringConfig = _CLASSES["MonitoringConfig"]
BatchingParameters = _CLASSES["BatchingParameters"]
SSLConfig = _CLASSES["SSLConfig"]
HealthCheckRequest = _CLASSES["HealthCheckRequest"]
HealthCheckResponse = _CLASSES["HealthCheckResponse"]


def read_text_message(path: Path, kind: type[Message]) -> Message:
    """The text proto at `path`; fields that a newer original added are passed over. Raises UnreadableConfig."""
    try:
        return text_format.Parse(path.read_text("utf-8"), kind(), allow_unknown_field=True)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableConfig(f"Error reading {path}: {error}") from error
    except text_format.ParseError as error:
        name = kind.DESCRIPTOR.full_name.replace("rollcall.extra", "tensorflow.serving")
        raise UnreadableConfig(f"Error parsing text-format {name}: {error}") from error
