"""What TensorFlow Serving does with lists of tf.Example, on whatever version a request names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.serving_protos import (
    ClassificationRequest,
    ClassificationResponse,
    ClassificationResult,
    ModelSpec,
    MultiInferenceRequest,
    MultiInferenceResponse,
    RegressionRequest,
    RegressionResponse,
)
from serving.local_server.errors import InvalidArgument
from serving.local_server.example_runs import HowToRun, run_classify, run_multi_inference, run_regress
from serving.local_server.metrics import Metrics
from serving.local_server.models import Models
from serving.local_server.servable import Servable


class ExamplePlane:
    """Every method raises StatusError and may be called by many threads; `timeout_s` bounds the graph's run.

    `check_methods`: a signature must name the method that is called, for --enable_signature_method_name_check.
    """

    def __init__(self, models: Models, metrics: Metrics, *, check_methods: bool = False) -> None:
        self._models, self._metrics = models, metrics
        self._check_methods = check_methods

    def classify(self, request: ClassificationRequest, timeout_s: float | None = None) -> ClassificationResponse:
        """Classes with scores for each example."""
        _require_spec(request)
        with self._models.find(request.model_spec) as servable:
            with self._timed(servable, "Classify"):
                name, result = run_classify(servable.graph, request, self._how(timeout_s))
            response = ClassificationResponse(result=result)
            _fill(response.model_spec, servable, name)
            return response

    def regress(self, request: RegressionRequest, timeout_s: float | None = None) -> RegressionResponse:
        """A number for each example."""
        _require_spec(request)
        with self._models.find(request.model_spec) as servable:
            with self._timed(servable, "Regress"):
                name, result = run_regress(servable.graph, request, self._how(timeout_s))
            response = RegressionResponse(result=result)
            _fill(response.model_spec, servable, name)
            return response

    def multi_inference(self, request: MultiInferenceRequest, timeout_s: float | None = None) -> MultiInferenceResponse:
        """Several signatures on the same examples, of the version that the first task names."""
        first = request.tasks[0].model_spec if request.tasks else ModelSpec()
        with self._models.find(first) as servable:
            with self._timed(servable, "MultiInference"):
                results, examples = run_multi_inference(servable.graph, request, self._how(timeout_s))
            self._metrics.example_counts.observe(examples, servable.model)
            self._metrics.examples.add(servable.model, by=examples)
            response = MultiInferenceResponse()
            for name, result in results.items():
                row = response.results.add()
                if isinstance(result, ClassificationResult):
                    row.classification_result.CopyFrom(result)
                else:
                    row.regression_result.CopyFrom(result)
                _fill(row.model_spec, servable, name)
            return response

    def _how(self, timeout_s: float | None) -> HowToRun:
        return HowToRun(timeout_s, check_methods=self._check_methods)

    @contextmanager
    def _timed(self, servable: Servable, api: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._metrics.runs.add()
        self._metrics.runtime_latency.observe((time.perf_counter() - started) * 1e6, servable.model, api, "TF1")


def _require_spec(request: ClassificationRequest | RegressionRequest) -> None:
    if not request.HasField("model_spec"):
        raise InvalidArgument("Missing ModelSpec")


def _fill(spec: ModelSpec, servable: Servable, signature: str) -> None:
    spec.name, spec.signature_name = servable.model, signature
    spec.version.value = servable.version
