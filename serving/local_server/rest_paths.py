"""The addresses of the REST API, read into what they ask for. Pure.

Source: tensorflow_serving/model_servers/http_rest_api_handler.cc and http_rest_api_util.cc.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from contracts.serving_protos import ModelSpec
from serving.local_server.errors import InvalidArgument

PREFIX = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<verb>classify|regress|predict)", re.IGNORECASE)
_GET = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.IGNORECASE)
_MAX_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Call:
    """`verb`: predict, classify, regress, status, metadata or options, and what it is about."""

    verb: str
    spec: ModelSpec


def read_path(method: str, path: str) -> Call:
    """What `method` on `path` asks for; raises InvalidArgument."""
    if method == "OPTIONS":
        return Call("options", ModelSpec())
    if method == "POST" and (match := _POST.fullmatch(path)):
        return Call(match["verb"].lower(), _spec(match))
    if method == "GET" and (match := _GET.fullmatch(path)):
        if not match["name"]:
            raise InvalidArgument("Missing model name in request.")
        return Call("metadata" if match["metadata"] else "status", _spec(match))
    raise InvalidArgument(f"Malformed request: {method} {path}")


def _spec(match: re.Match[str]) -> ModelSpec:
    spec = ModelSpec(name=_decode(match["name"]))
    if match["version"]:
        version = int(match["version"])
        if version > _MAX_VERSION:
            raise InvalidArgument(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = version
    elif match["label"]:
        spec.version_label = _decode(match["label"])
    return spec


def _decode(text: str) -> str:
    return unquote(text, errors="replace")
