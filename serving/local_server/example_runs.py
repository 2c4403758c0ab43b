"""Classify, Regress and MultiInference on one loaded version.

Source: tensorflow_serving/servables/tensorflow/{classifier,regressor,multi_inference}.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.serving_protos import (
    ClassificationRequest,
    ClassificationResult,
    Input,
    ModelSpec,
    MultiInferenceRequest,
    RegressionRequest,
    RegressionResult,
    SignatureDef,
)
from serving.local_server.classification import classification_ends, classification_result
from serving.local_server.errors import InvalidArgument, Unimplemented
from serving.local_server.examples import example_tensor
from serving.local_server.output_tensors import OutputTensor
from serving.local_server.regression import regression_ends, regression_result
from serving.local_server.servable import Graph
from serving.local_server.signatures import CLASSIFY, DEFAULT_SIGNATURE, REGRESS

_KINDS = {CLASSIFY: "classification", REGRESS: "regression"}
_READ_ENDS = {CLASSIFY: classification_ends, REGRESS: regression_ends}


@dataclass(frozen=True, slots=True)
class HowToRun:
    """`check_methods`: a signature must name the method that is called. The others as in SignatureRunner.run."""

    timeout_s: float | None = None
    in_this_thread: bool = False
    check_methods: bool = False


@dataclass(frozen=True, slots=True)
class _Ends:
    """What a run feeds and fetches: the signature by whose runner, and names of the graph (outputs by any key)."""

    signature: str
    feed: str
    fetches: Mapping[str, str]


def run_classify(graph: Graph, request: ClassificationRequest, how: HowToRun) -> tuple[str, ClassificationResult]:
    """The resolved signature name, and classes with scores for each example; raises StatusError."""
    ends = _ends(graph, request.model_spec, CLASSIFY, how, "No signature was found with the name: ")
    outputs, examples = _run(graph, request.input, ends, how)
    return ends.signature, classification_result(outputs, examples)


def run_regress(graph: Graph, request: RegressionRequest, how: HowToRun) -> tuple[str, RegressionResult]:
    """The resolved signature name, and a number for each example; raises StatusError."""
    ends = _ends(graph, request.model_spec, REGRESS, how, "No signature was found with the name: ")
    outputs, examples = _run(graph, request.input, ends, how)
    return ends.signature, regression_result(outputs, examples)


def run_multi_inference(
    graph: Graph, request: MultiInferenceRequest, how: HowToRun
) -> tuple[dict[str, ClassificationResult | RegressionResult], int]:
    """Signature -> its result, in the order of the tasks, and the number of examples; raises StatusError.

    Tasks whose signatures read one tensor of the graph share a run. TF2 gives each signature a tensor of its own.
    """
    tasks: dict[str, tuple[str, _Ends]] = {}
    for task in request.tasks:
        if not task.model_spec.name:
            raise InvalidArgument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != request.tasks[0].model_spec.name:
            raise InvalidArgument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in tasks:
            raise InvalidArgument(f"Duplicate evaluation of signature: {name}")
        missing = "Requested signature not found in model graph: "
        _find(graph, task.model_spec, missing)
        if task.method_name not in _READ_ENDS:
            raise Unimplemented(f"Unsupported signature method_name: {task.method_name}")
        tasks[name] = (task.method_name, _ends(graph, task.model_spec, task.method_name, how, missing))
    found: dict[str, OutputTensor] = {}
    examples = 0
    for feed in dict.fromkeys(ends.feed for _, ends in tasks.values()):
        sharing = {name: ends for name, (_, ends) in tasks.items() if ends.feed == feed}
        fetches = {f"{name}/{alias}": end for name, ends in sharing.items() for alias, end in ends.fetches.items()}
        outputs, examples = _run(graph, request.input, _Ends(next(iter(sharing)), feed, fetches), how)
        found |= outputs
    results: dict[str, ClassificationResult | RegressionResult] = {}
    for name, (method, ends) in tasks.items():
        read = classification_result if method == CLASSIFY else regression_result
        results[name] = read({alias: found[f"{name}/{alias}"] for alias in ends.fetches}, examples)
    return results, examples


def _find(graph: Graph, spec: ModelSpec, missing: str) -> tuple[str, SignatureDef]:
    name = spec.signature_name or DEFAULT_SIGNATURE
    signature = graph.signatures.get(name)
    if signature is None:
        raise InvalidArgument(missing + name)
    return name, signature


def _ends(graph: Graph, spec: ModelSpec, method: str, how: HowToRun, missing: str) -> _Ends:
    name, signature = _find(graph, spec, missing)
    if how.check_methods and signature.method_name != method:
        raise InvalidArgument(
            f"Expected {_KINDS[method]} signature method_name to be {method}. Was: {signature.method_name}"
        )
    return _Ends(name, *_READ_ENDS[method](signature))


def _run(graph: Graph, given: Input, ends: _Ends, how: HowToRun) -> tuple[dict[str, OutputTensor], int]:
    """Outputs by the keys of `ends.fetches`, and the number of examples."""
    proto = example_tensor(given)
    runner = graph.runner(ends.signature)
    feeds = {ends.feed: runner.tensor(proto)}
    timeout_ms = None if how.timeout_s is None else max(1, int(how.timeout_s * 1000))
    results = runner.run(feeds, list(ends.fetches.values()), timeout_ms, in_this_thread=how.in_this_thread)
    return dict(zip(ends.fetches, results, strict=True)), len(proto.string_val)
