"""Every version in `serving/models` must answer its golden profiles through the server, as TensorFlow Serving loads it.

TensorFlow's Python loader is more forgiving than the C++ one, so training's own check is not enough.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contracts.model import EXPLAIN, FEATURES, MODEL_NAME, PREDICT, PROBABILITIES
from contracts.serving_protos import PredictRequest
from contracts.tensors import from_proto, to_proto
from serving.config import SHIPPED
from serving.local_server.data_plane import run_predict
from serving.local_server.flags import Flags
from serving.local_server.loader import saved_model_loader
from serving.local_server.metrics import Metrics
from serving.local_server.output_tensors import write_typed
from serving.manifest import verify
from serving.store import Store

VERSIONS = Store(SHIPPED).versions()


def test_a_version_is_shipped() -> None:
    assert VERSIONS, f"{SHIPPED / MODEL_NAME} holds no version"


@pytest.mark.parametrize("number", VERSIONS)
def test_shipped_version_is_the_one_of_its_manifest(number: int) -> None:
    verify(Store(SHIPPED).version(number))


@pytest.mark.parametrize("number", VERSIONS)
@pytest.mark.parametrize("signature", [PREDICT, EXPLAIN])
def test_shipped_version_loads_warms_up_and_gives_its_golden_probabilities(number: int, signature: str) -> None:
    folder: Path = Store(SHIPPED).version(number)
    graph = saved_model_loader(Flags(), Metrics())(folder)
    golden = json.loads((folder / "assets.extra" / "golden.json").read_text("utf-8"))
    request = PredictRequest()
    request.model_spec.signature_name = signature
    request.inputs[FEATURES].CopyFrom(to_proto(np.array([row["features"] for row in golden], np.float32)))
    _, outputs = run_predict(graph, request)
    proto = PredictRequest().inputs[PROBABILITIES]
    write_typed(outputs[PROBABILITIES], proto)
    assert np.allclose(from_proto(proto), [row["probabilities"] for row in golden], atol=1e-5)
    graph.close()
