"""Runs the recorded requests of a version before it is called available, so that no client pays for the first ones.

VERSION/assets.extra/tf_serving_warmup_requests is a TFRecord file of tensorflow.serving.PredictionLog. A record that
fails makes the load fail: a bad version then never takes the place of a good one.
Source: tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from google.protobuf.message import DecodeError

from contracts.serving_protos import PredictionLog
from serving.local_server.data_plane import run_predict
from serving.local_server.errors import DataLoss, InvalidArgument, Unimplemented
from serving.local_server.example_runs import HowToRun, run_classify, run_multi_inference, run_regress
from serving.local_server.servable import Graph
from serving.local_server.tfrecord import read_records

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_RECORDS = 1000

_HERE = HowToRun(in_this_thread=True)
_log = logging.getLogger(__name__)


def warm_up(graph: Graph, version: Path, iterations: int = 1) -> int:
    """Run each record `iterations` times; the number of records. Raises StatusError."""
    path = version / WARMUP_FILE
    if not path.is_file():
        _log.info("No warmup data file found at %s", path)
        return 0
    started, count = time.monotonic(), 0
    try:
        for record in read_records(path):
            count += 1
            if count > MAX_RECORDS:
                raise InvalidArgument(f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}")
            log = _parse(record, path)
            for _ in range(max(1, iterations)):
                _run(graph, log)
    except DataLoss as error:
        raise DataLoss(f"{error.message}. Please verify your warmup data is in TFRecord format.") from error
    _log.info(
        "Finished reading warmup data for model at %s. Number of warmup records read: %d. "
        "Elapsed time (microseconds): %d.",
        *(path, count, (time.monotonic() - started) * 1e6),
    )
    return count


def _parse(record: bytes, path: Path) -> PredictionLog:
    try:
        log = PredictionLog.FromString(record)
    except DecodeError as error:
        raise InvalidArgument(f"Failed to parse warmup record: {record!r} from {path}") from error
    return log


def _run(graph: Graph, log: PredictionLog) -> None:
    match kind := log.WhichOneof("log_type"):
        case "predict_log":
            run_predict(graph, log.predict_log.request, in_this_thread=True)
        case "classify_log":
            run_classify(graph, log.classify_log.request, _HERE)
        case "regress_log":
            run_regress(graph, log.regress_log.request, _HERE)
        case "multi_inference_log":
            run_multi_inference(graph, log.multi_inference_log.request, _HERE)
        case _:
            number = PredictionLog.DESCRIPTOR.fields_by_name[kind].number if kind else 0
            raise Unimplemented(f"Unsupported log_type for warmup: {number}")
