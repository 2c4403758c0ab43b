"""A version with a model.tflite: LiteRT runs the signatures that it holds, TensorFlow the others.

The original knows the signatures of model.tflite alone. Gradients cannot be written as LiteRT's operations, so a
version's `explain` exists in its SavedModel only, and a server which forgot it would be of no use to the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contracts.serving_protos import SignatureDef
from serving.local_server.errors import StatusError
from serving.local_server.lite_executor import LiteExecutor
from serving.local_server.servable import Graph, SignatureRunner


class LiteGraph:
    """Both models of a version as one Graph; it owns `saved`."""

    def __init__(self, path: Path, saved: Graph | None) -> None:
        """`path`: model.tflite; `saved`: the SavedModel beside it, if any. Raises InvalidArgument."""
        self._saved = saved
        try:
            self._lite = LiteExecutor(path)
        except StatusError:
            if saved is not None:
                saved.close()
            raise
        others = saved.signatures if saved is not None else {}
        self.signatures: Mapping[str, SignatureDef] = {**others, **self._lite.signatures}

    def runner(self, signature: str) -> SignatureRunner:
        """LiteRT where it can."""
        if self._saved is None or signature in self._lite.signatures:
            return self._lite
        return self._saved.runner(signature)

    def close(self) -> None:
        """Free both."""
        self._lite.close()
        if self._saved is not None:
            self._saved.close()
