"""Warm-up records run before a version answers; a bad file keeps it from answering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contracts.features import F
from contracts.serving_protos import PredictionLog
from serving.local_server.errors import DataLoss, FailedPrecondition, InvalidArgument, StatusError, Unimplemented
from serving.local_server.flags import Flags
from serving.local_server.loader import saved_model_loader
from serving.local_server.metrics import Metrics
from serving.local_server.state_monitor import State
from serving.local_server.tfrecord import frame, read_records
from serving.local_server.warmup import WARMUP_FILE, warm_up
from tests.serving.harness import RunningServer, predict_request
from tests.serving.local_server.fakes import FakeGraph


def record(signature: str = "serving_default", rows: int = 1) -> bytes:
    log = PredictionLog()
    features = np.zeros([rows, F], np.float32)
    log.predict_log.request.CopyFrom(predict_request("another model", signature, features=features))
    return bytes(log.SerializeToString())


def write(folder: Path, *records: bytes) -> Path:
    (folder / WARMUP_FILE).parent.mkdir(parents=True, exist_ok=True)
    (folder / WARMUP_FILE).write_bytes(b"".join(records))
    return folder


def test_records_run_by_their_signature_whatever_model_they_name(saved_models: Path, tmp_path: Path) -> None:
    graph = saved_model_loader(Flags(), Metrics())(saved_models / "rollcall" / "1")
    assert warm_up(graph, write(tmp_path, frame(record()), frame(record("explain", 64)))) == 2
    graph.close()


def test_records_of_examples_run_too(saved_models: Path, tmp_path: Path) -> None:
    given = {"example_list": {"examples": [{"features": {"feature": {"x": {"float_list": {"value": [1.0]}}}}}]}}
    logs = [
        PredictionLog(regress_log={"request": {"input": given}}),
        PredictionLog(classify_log={"request": {"model_spec": {"signature_name": "classify"}, "input": given}}),
        PredictionLog(
            multi_inference_log={
                "request": {
                    "tasks": [{"model_spec": {"name": "m"}, "method_name": "tensorflow/serving/regress"}],
                    "input": given,
                }
            }
        ),
    ]
    graph = saved_model_loader(Flags(), Metrics())(saved_models / "shared" / "1")
    assert warm_up(graph, write(tmp_path, *[frame(log.SerializeToString()) for log in logs])) == 3
    with pytest.raises(InvalidArgument, match="Input is empty"):
        warm_up(graph, write(tmp_path, frame(PredictionLog(regress_log={"request": {}}).SerializeToString())))
    graph.close()


def test_version_without_a_file_needs_none(tmp_path: Path) -> None:
    assert warm_up(FakeGraph(tmp_path), tmp_path) == 0


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (
            b"this is no record file",
            DataLoss,
            r"corrupted record at 0 \(Is this even a TFRecord file\?\)\. Please verify",
        ),
        (b"short", DataLoss, r"truncated record at 0\. Please verify your warmup data is in TFRecord format\."),
        (frame(b"\xff\xff"), InvalidArgument, "Failed to parse warmup record: "),
        (frame(b""), Unimplemented, "Unsupported log_type for warmup: 0"),
        (
            frame(PredictionLog(session_run_log={}).SerializeToString()),
            Unimplemented,
            "Unsupported log_type for warmup: 5",
        ),
        (frame(record()), FailedPrecondition, 'Serving signature key "serving_default" not found.'),
    ],
    ids=["nonsense", "truncated", "no log", "empty log", "another log", "missing signature"],
)
def test_bad_file_fails_the_load(tmp_path: Path, content: bytes, kind: type[StatusError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        warm_up(FakeGraph(tmp_path), write(tmp_path, content))


def test_more_than_a_thousand_records_fail_the_load(tmp_path: Path, saved_models: Path) -> None:
    graph = saved_model_loader(Flags(), Metrics())(saved_models / "rollcall" / "1")
    with pytest.raises(InvalidArgument, match=r"Number of warmup records exceeds the maximum \(1000\) at "):
        warm_up(graph, write(tmp_path, *[frame(record())] * 1001))
    graph.close()


def test_records_come_back_whole_and_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    content = frame(b"first") + frame(b"") + frame(b"x" * 1000)
    (tmp_path / "file").write_bytes(content)
    assert list(read_records(tmp_path / "file")) == [b"first", b"", b"x" * 1000]
    (tmp_path / "file").write_bytes(content[:-10] + bytes([content[-10] ^ 1]) + content[-9:])
    with pytest.raises(DataLoss, match="corrupted record at"):
        list(read_records(tmp_path / "file"))


def test_bad_warmup_file_of_a_new_version_keeps_the_old_one(
    tmp_path: Path, copy_version: Callable[[str, int, Path], Path]
) -> None:
    base = tmp_path / "base"
    copy_version("rollcall", 1, base)
    running = RunningServer(tmp_path, model_name="m", model_base_path=str(base), file_system_poll_wait_seconds=1)
    draft = tmp_path / "2"
    copy_version("rollcall", 2, tmp_path / "made").rename(draft)
    write(draft, b"this is no record file")
    draft.rename(base / "2")
    assert running.wait_for("m", 2, State.END)
    assert running.client.states("m") == {2: 50, 1: 30}
    assert running.client.run("m", features=np.zeros([1, F], np.float32)).model_spec.version.value == 1
    running.stop()
