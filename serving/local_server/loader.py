"""Brings one version folder to life: loads it by TensorFlow and warms it up."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from contracts.serving_protos import ConfigProto
from serving.local_server.batched_graph import BatchedGraph
from serving.local_server.batching_parameters import BatchingParameters
from serving.local_server.errors import InvalidArgument, StatusError
from serving.local_server.executor import ONE_BY_ONE, Executor
from serving.local_server.extra_messages import read_text_message
from serving.local_server.flags import Flags
from serving.local_server.manager import LoadGraph
from serving.local_server.metrics import Metrics
from serving.local_server.model_configuration import UnreadableConfig
from serving.local_server.servable import Graph
from serving.local_server.tensorflow_library import TensorFlowLibrary
from serving.local_server.warmup import warm_up

INTRA_OP_THREADS = 1
"""Threads within one operation where no flag says otherwise; the first session of a process decides for all.

Splitting the operations of a small network costs more than it gains: one row took 410 microseconds with two threads on
two cores and 97 with one, 1,024 rows 2.7 ms and 4.0 ms. Requests run side by side all the same, each in its thread.
"""

LITE_MODEL = "model.tflite"
"""The file of a version that --prefer_tflite_model asks for."""

BATCHING_FILE = "batching_params.pbtxt"
"""The file of a version that --enable_per_model_batching_parameters reads."""

POOL_NAME = "model_server_batch_threads"
"""What metrics call the threads that run batches where no file of parameters names them."""

_LOST_VARIABLES = (
    "The graph of %s reads variables that its restore does not fill; TensorFlow Serving would fail alike. "
    "tf.saved_model.save of a module that holds Keras 3 variables writes each twice, one copy restored and the other "
    "read: export by keras.export.ExportArchive, or freeze them by convert_variables_to_constants_v2."
)

_log = logging.getLogger(__name__)


def saved_model_loader(flags: Flags, metrics: Metrics) -> LoadGraph:
    """Loads SavedModels as the flags say; raises TensorFlowNotFound, UnreadableConfig and InvalidArgument."""
    library = TensorFlowLibrary.installed()
    config = session_config(flags)
    tags = [tag for tag in flags.saved_model_tags.split(",") if tag]

    batching = _batching(flags)
    slots = BoundedSemaphore(batching.threads if batching else 1)

    def gathered(graph: Graph, folder: Path) -> Graph:
        if batching is None:
            return graph
        own = folder / BATCHING_FILE
        if not flags.enable_per_model_batching_parameters or not own.is_file():
            return BatchedGraph(graph, batching, slots, metrics)
        try:
            return BatchedGraph(graph, BatchingParameters.read(own), slots, metrics)
        except (UnreadableConfig, StatusError) as error:
            graph.close()
            raise InvalidArgument(str(error)) from error

    def open_version(folder: Path) -> Graph:
        if not flags.prefer_tflite_model or not (folder / LITE_MODEL).is_file():
            return Executor(library, folder, tags, config)
        from serving.local_server.lite_graph import LiteGraph  # noqa: PLC0415 - others need no second runtime.

        has_both = (folder / "saved_model.pb").is_file()
        return LiteGraph(folder / LITE_MODEL, Executor(library, folder, tags, config) if has_both else None)

    def load(folder: Path) -> Graph:
        started = time.perf_counter()
        try:
            graph = open_version(folder)
        except StatusError:
            metrics.loads.add(str(folder), "fail")
            raise
        metrics.loads.add(str(folder), "success")
        metrics.load_latency.add(str(folder), by=int((time.perf_counter() - started) * 1e6))
        if flags.enable_model_warmup:
            _warm_up(graph, folder)
        return gathered(graph, folder)

    def _warm_up(graph: Graph, folder: Path) -> None:
        started, status, count = time.perf_counter(), "OK", 0
        try:
            count = warm_up(graph, folder, flags.num_request_iterations_for_warmup)
        except StatusError as error:
            status = error.name
            graph.close()
            if "Could not find variable" in error.message:
                _log.error(_LOST_VARIABLES, folder)
            raise
        finally:
            metrics.warmup_latency.observe((time.perf_counter() - started) * 1e6, str(folder), status)
            metrics.warmup_records.add(str(folder), status, by=count)

    return load


def session_config(flags: Flags) -> Any:
    """The ConfigProto of the sessions; raises UnreadableConfig."""
    path, both = flags.tensorflow_session_config_file, flags.tensorflow_session_parallelism
    config: Any = read_text_message(Path(path), ConfigProto) if path else ConfigProto()
    intra, inter = flags.tensorflow_intra_op_parallelism or both, flags.tensorflow_inter_op_parallelism or both
    config.intra_op_parallelism_threads = intra or config.intra_op_parallelism_threads or INTRA_OP_THREADS
    config.inter_op_parallelism_threads = inter or config.inter_op_parallelism_threads
    if flags.run_operations_one_by_one:
        config.experimental.executor_type = ONE_BY_ONE
    return config


def _batching(flags: Flags) -> BatchingParameters | None:
    """None where requests run one by one."""
    if not flags.enable_batching:
        return None
    path = flags.batching_parameters_file
    return BatchingParameters.read(Path(path)) if path else BatchingParameters(pool_name=POOL_NAME)
