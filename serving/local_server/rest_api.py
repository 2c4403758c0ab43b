"""The REST API. Thin: it turns JSON into the data plane's messages and back, and errors into HTTP codes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format

from contracts.serving_protos import (
    ClassificationRequest,
    GetModelMetadataRequest,
    GetModelStatusRequest,
    ModelSpec,
    PredictRequest,
    RegressionRequest,
    SignatureDefMap,
)
from serving.local_server.data_plane import DataPlane
from serving.local_server.errors import InvalidArgument, StatusError
from serving.local_server.json_examples import read_examples, write_classifications, write_regressions
from serving.local_server.json_reader import debug_text, read_json
from serving.local_server.json_tensors import ROWS, read_inputs
from serving.local_server.json_values import valid_name
from serving.local_server.json_writer import write_columns, write_error, write_rows
from serving.local_server.metrics import Metrics
from serving.local_server.output_tensors import write_typed
from serving.local_server.rest_paths import Call, read_path
from serving.local_server.signatures import DEFAULT_SIGNATURE

HTTP_CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""All other codes are 500."""

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    code: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: dict(_JSON))


class RestApi:
    """Answers everything below /v1/. `timeout_s` bounds each run of the graph."""

    def __init__(
        self, plane: DataPlane, metrics: Metrics, *, timeout_s: float | None = 30.0, cors: bool = False
    ) -> None:
        self._plane, self._metrics = plane, metrics
        self._timeout_s = timeout_s
        self._headers = _JSON | (_CORS if cors else {})

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One request; never raises StatusError."""
        started, model, verb = time.perf_counter(), "", ""
        try:
            call = read_path(method, path)
            model, verb = call.spec.name, call.verb if method == "POST" else ""
            if call.verb == "options":
                origin = headers.get("Origin") or ""
                return Reply(200 if re.match("https?://", origin) else 400, b"", self._headers)
            text = self._run(call, body)
        except StatusError as error:
            self._metrics.requests.add(model, error.name)
            return self._reply(HTTP_CODES.get(error.name, 500), write_error(error.message))
        self._metrics.requests.add(model, "OK")
        self._metrics.request_latency.observe((time.perf_counter() - started) * 1e6, model, verb, "REST")
        return self._reply(200, text)

    def _reply(self, code: int, text: str) -> Reply:
        return Reply(code, text.encode("utf-8", "surrogateescape"), self._headers)

    def _run(self, call: Call, body: bytes) -> str:
        match call.verb:
            case "predict":
                return self._predict(call.spec, body)
            case "classify" | "regress":
                return self._examples(call, body)
            case "status":
                response = self._plane.status(GetModelStatusRequest(model_spec=call.spec))
                return _to_json(response)
            case _:
                return self._metadata(call.spec)

    def _predict(self, spec: ModelSpec, body: bytes) -> str:
        """The version is bound once for the whole request, so that a swap cannot come between reading and running."""
        document = read_json(body)
        name = _signature_name(document)
        with self._plane.models.find(spec) as servable:
            signature = servable.graph.signatures.get(name or DEFAULT_SIGNATURE)
            if signature is None:
                raise InvalidArgument(
                    f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def'
                )
            if not signature.inputs:
                raise InvalidArgument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
            form, inputs = read_inputs(document, signature)
            request = PredictRequest(model_spec=spec, inputs=inputs)
            request.model_spec.signature_name = name
            response = self._plane.predict_with(servable, request, self._timeout_s, write_typed)
        if not response.outputs:
            raise InvalidArgument("Cannot convert empty tensor map to JSON")
        outputs = dict(sorted(response.outputs.items()))
        return write_rows(outputs) if form == ROWS else write_columns(outputs)

    def _examples(self, call: Call, body: bytes) -> str:
        document = read_json(body)
        call.spec.signature_name = _signature_name(document)
        given = read_examples(document)
        if call.verb == "classify":
            request = ClassificationRequest(model_spec=call.spec, input=given)
            return write_classifications(self._plane.examples.classify(request, self._timeout_s).result)
        regression = RegressionRequest(model_spec=call.spec, input=given)
        return write_regressions(self._plane.examples.regress(regression, self._timeout_s).result)

    def _metadata(self, spec: ModelSpec) -> str:
        request = GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"])
        response = self._plane.metadata(request)
        signatures = SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        document = {
            "model_spec": json.loads(_to_json(response.model_spec)),
            "metadata": {"signature_def": json.loads(_to_json(signatures))},
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _signature_name(document: Mapping[str, Any]) -> str:
    """ "" where the request names none; raises InvalidArgument."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise InvalidArgument(
            f"JSON Value: {debug_text(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return valid_name(name)


def _to_json(message: object) -> str:
    """snake_case keys, defaults printed, int64 as strings, enums by name."""
    return json_format.MessageToJson(
        message,  # type: ignore[arg-type]
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        indent=1,
        ensure_ascii=False,
    )
