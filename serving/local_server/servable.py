"""One loaded version, and the count of the requests that hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Condition
from typing import Any, Protocol

from contracts.serving_protos import SignatureDef, TensorProto
from serving.local_server.output_tensors import OutputTensor


class SignatureRunner(Protocol):
    """What runs a signature: a graph of TensorFlow's, or a model of LiteRT's."""

    def tensor(self, proto: TensorProto) -> Any:
        """A tensor that `run` takes; raises InvalidArgument."""

    def run(
        self,
        feeds: Mapping[str, Any],
        fetches: Sequence[str],
        timeout_ms: int | None = None,
        *,
        in_this_thread: bool = False,
    ) -> list[OutputTensor]:
        """The tensors called `fetches`, computed by the calling thread alone if asked so; raises StatusError."""


class Graph(Protocol):
    """What a version needs from the executor; a fake in tests has these methods too."""

    @property
    def signatures(self) -> Mapping[str, SignatureDef]:
        """All signatures by name."""

    def runner(self, signature: str) -> SignatureRunner:
        """What runs the signature of that name, which `signatures` knows."""

    def close(self) -> None:
        """Free the memory."""


class Servable(AbstractContextManager["Servable"]):
    """A version that answers. `with` binds a request to it; `drain` waits for the last one to leave."""

    def __init__(self, model: str, version: int, graph: Graph) -> None:
        self.model, self.version, self.graph = model, version, graph
        self._holders = 0
        self._closing = False
        self._left = Condition()

    def enter(self) -> bool:
        """Bind a request; False when the version is on its way out, so that another must be looked for."""
        with self._left:
            if self._closing:
                return False
            self._holders += 1
            return True

    def __enter__(self) -> Servable:
        return self

    def __exit__(self, *_: object) -> None:
        with self._left:
            self._holders -= 1
            if self._closing:
                self._left.notify_all()

    def drain(self) -> None:
        """Let nobody in any more, wait until the last request has left, and free the graph.

        The wait has no bound, as in the original: each request that holds the version ends by its own deadline.
        """
        with self._left:
            self._closing = True
            self._left.wait_for(lambda: not self._holders)
        self.graph.close()
