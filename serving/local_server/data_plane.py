"""What the server can do, in the messages of TensorFlow Serving's API; both transports call this and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable

from contracts.serving_protos import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelServerConfig,
    PredictRequest,
    PredictResponse,
    ReloadConfigRequest,
    ReloadConfigResponse,
    SignatureDefMap,
    TensorProto,
)
from serving.local_server.errors import InvalidArgument, NotFound, StatusError
from serving.local_server.example_plane import ExamplePlane
from serving.local_server.metrics import Metrics
from serving.local_server.models import Models
from serving.local_server.output_tensors import OutputTensor, write_typed
from serving.local_server.servable import Graph, Servable
from serving.local_server.signatures import check_predicts, find_signature, match_inputs, match_outputs


class DataPlane:
    """Predict, metadata, status and reload; `examples` has what takes lists of tf.Example.

    Every method raises StatusError and may be called by many threads.
    """

    def __init__(
        self,
        models: Models,
        metrics: Metrics | None = None,
        *,
        write_tensor: Callable[[OutputTensor, TensorProto], None] = write_typed,
        check_methods: bool = False,
    ) -> None:
        self.models = models
        self._metrics = metrics or Metrics()
        self._write_tensor, self._check_methods = write_tensor, check_methods
        self.examples = ExamplePlane(models, self._metrics, check_methods=check_methods)

    def predict(self, request: PredictRequest, timeout_s: float | None = None) -> PredictResponse:
        """Run one signature; `timeout_s` becomes the time limit of the graph's run."""
        if not request.HasField("model_spec"):
            raise InvalidArgument("Missing ModelSpec")
        with self.models.find(request.model_spec) as servable:
            return self.predict_with(servable, request, timeout_s)

    def predict_with(
        self,
        servable: Servable,
        request: PredictRequest,
        timeout_s: float | None = None,
        write_tensor: Callable[[OutputTensor, TensorProto], None] | None = None,
    ) -> PredictResponse:
        """`predict` on a version that the caller has bound already; `write_tensor` None = as for all clients."""
        started = time.perf_counter()
        signature, outputs = run_predict(servable.graph, request, timeout_s, check_method=self._check_methods)
        self._metrics.runs.add()
        self._metrics.runtime_latency.observe((time.perf_counter() - started) * 1e6, servable.model, "Predict", "TF1")
        response = PredictResponse()
        spec = response.model_spec
        spec.name, spec.signature_name = servable.model, signature
        spec.version.value = servable.version
        write = write_tensor or self._write_tensor
        for alias, tensor in outputs.items():
            write(tensor, response.outputs[alias])
        return response

    def metadata(self, request: GetModelMetadataRequest) -> GetModelMetadataResponse:
        """All signatures of a version."""
        if not request.metadata_field:
            raise InvalidArgument("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise InvalidArgument(f"Metadata field {field} is not supported")
        if not request.HasField("model_spec"):
            raise InvalidArgument("Missing ModelSpec")
        with self.models.find(request.model_spec) as servable:
            response = GetModelMetadataResponse()
            response.model_spec.name = servable.model
            response.model_spec.version.value = servable.version
            signatures = SignatureDefMap(signature_def=servable.graph.signatures)
            response.metadata["signature_def"].Pack(signatures)
            return response

    def status(self, request: GetModelStatusRequest) -> GetModelStatusResponse:
        """The states of every version ever seen of a model, or of one; a label in the request is ignored."""
        if not request.HasField("model_spec"):
            raise InvalidArgument("Missing ModelSpec")
        name = request.model_spec.name
        versions = self.models.monitor.versions(name)
        if request.model_spec.WhichOneof("version_choice") == "version":
            version = request.model_spec.version.value
            if version not in versions:
                raise NotFound(f"Could not find version {version} of model {name}")
            versions = {version: versions[version]}
        if not versions:
            raise NotFound(f"Could not find any versions of model {name}")
        response = GetModelStatusResponse()
        for version, state in versions.items():
            row = response.model_version_status.add(version=version, state=state.state)
            row.status.SetInParent()
            if state.error is not None:
                row.status.error_code, row.status.error_message = state.error.code, state.error.message
        return response

    def reload(self, request: ReloadConfigRequest, timeout_s: float | None = None) -> ReloadConfigResponse:
        """Put a new list of models in force; returns when the new ones answer."""
        config: ModelServerConfig = request.config
        if config.WhichOneof("config") != "model_config_list":
            raise InvalidArgument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        before = self._metrics.totals(request.metric_names)
        self.models.reload(config, timeout_s)
        response = ReloadConfigResponse()
        response.status.SetInParent()
        for name, total in self._metrics.totals(request.metric_names).items():
            response.metric.add(name=name, int64_value_increase=total - before[name])
        return response


def run_predict(
    graph: Graph,
    request: PredictRequest,
    timeout_s: float | None = None,
    *,
    in_this_thread: bool = False,
    check_method: bool = False,
) -> tuple[str, dict[str, OutputTensor]]:
    """The resolved signature name, and output alias -> tensor."""
    name, signature = find_signature(graph.signatures, request.model_spec.signature_name)
    if check_method:
        check_predicts(signature)
    runner = graph.runner(name)
    feeds = {}
    for alias, proto in match_inputs(signature, request.inputs).items():
        try:
            feeds[signature.inputs[alias].name] = runner.tensor(proto)
        except StatusError as error:
            raise InvalidArgument(f"tensor parsing error: {alias}") from error
    fetches = match_outputs(signature, request.output_filter)
    timeout_ms = None if timeout_s is None else max(1, int(timeout_s * 1000))
    results = runner.run(feeds, list(fetches.values()), timeout_ms, in_this_thread=in_this_thread)
    return name, dict(zip(fetches, results, strict=True))
