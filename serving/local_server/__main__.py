"""`python -m serving.local_server --port=P --rest_api_port=R --model_name=N --model_base_path=DIR ...`"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from threading import Thread, get_ident

from serving.local_server.errors import StatusError
from serving.local_server.flags import Flags, InvalidFlag, check_flags, parse_flags, usage
from serving.local_server.model_configuration import UnreadableConfig
from serving.local_server.server import CannotListen, ModelServer
from serving.local_server.tensorflow_library import TensorFlowNotFound

FAILED = 255
_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    if arguments[:1] == ["--help"]:
        sys.stdout.write(usage() + "\n")
        return 0
    try:
        flags, unknown = parse_flags(arguments)
    except InvalidFlag as error:
        sys.stdout.write(f"{error}\n{usage()}\n")
        return FAILED
    if flags.version:
        tensorflow = version("tensorflow-serving-api")
        sys.stdout.write(f"Rollcall local ModelServer: {version('rollcall')}\nTensorFlow Library: {tensorflow}\n")
        return 0
    if unknown:  # The original says so and starts all the same.
        sys.stderr.write("".join(f"unknown argument: {each}\n" for each in unknown) + usage() + "\n")
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s] %(message)s"
    )
    # TensorFlow reads these when its library is opened. oneDNN's kernels are made for large batches: for one row they
    # doubled the time of the run (97 and 50 microseconds), for 1,024 rows they saved a fifth.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    return _serve(flags)


def _serve(flags: Flags) -> int:
    # Blocked before any thread starts, the signals reach `sigwait` and nothing else, also while models are loading.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    failures: list[Exception] = []
    waiting = get_ident()
    try:
        check_flags(flags)
        server = ModelServer(flags)
    except (InvalidFlag, TensorFlowNotFound, UnreadableConfig, StatusError) as error:
        return _failed(error)

    def start() -> None:
        try:
            server.start()
        except Exception as error:  # Whatever it is, nobody may wait for it for ever.
            if not isinstance(error, UnreadableConfig | CannotListen | StatusError):
                logging.getLogger(__name__).exception("Starting")
            failures.append(error)
            # To the thread that waits for it: libraries have threads from before the block, which would die of it.
            signal.pthread_kill(waiting, signal.SIGTERM)

    Thread(target=start, name="start", daemon=True).start()
    signal.sigwait(_STOP_SIGNALS)
    if failures:
        return _failed(failures[0])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)  # A second signal ends the wait for running requests.
    server.stop()
    return 0


def _failed(reason: Exception) -> int:
    if isinstance(reason, UnreadableConfig):  # The original's parser tells standard error, where scripts look for it.
        sys.stderr.write(f"{reason}\n")
    sys.stdout.write(f"Failed to start server. Error: {reason}\n")
    return FAILED


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # Threads of TensorFlow and gRPC may still be there; nothing of theirs needs a farewell.
