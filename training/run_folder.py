"""What a run leaves behind so that it can be watched and taken up again: finished networks and TensorBoard logs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from contracts.features import SCHEMA_VERSION
from training.dataset import Dataset
from training.dense import DenseNetwork


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder of networks, each under a key that changes with whatever could change the network."""

    path: Path

    def take_up(self, key: str, fit: Callable[[Sequence[Any]], DenseNetwork]) -> DenseNetwork:
        """The network of `key` if it was finished before, else what `fit` makes with the callbacks it is given."""
        self.path.mkdir(parents=True, exist_ok=True)
        finished = self.path / f"{key}.npz"
        if not finished.exists():
            fit([EventLog(self.path / "logs" / key)]).save(finished)
        return DenseNetwork.load(finished)


def network_key(name: str, rows: Dataset, *settings: object) -> str:
    """`name` and a digest of the rows, the feature schema and the settings."""
    digest = hashlib.sha256(repr((SCHEMA_VERSION, settings)).encode())
    digest.update(rows.features.tobytes())
    digest.update(rows.labels.tobytes())
    return f"{name}-{digest.hexdigest()[:12]}"


class EventLog(keras.callbacks.Callback):  # type: ignore[misc]  # Keras publishes no types.
    """Losses of each epoch as TensorBoard reads them.

    Keras' own callback needs the package tensorboard at training time; the format does not.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature.
        """Open the log."""
        self._writer = tf.summary.create_file_writer(str(self._folder))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write every figure that Keras gives."""
        summary = tf.compat.v1.Summary()
        for name, value in (logs or {}).items():
            summary.value.add(tag=name, simple_value=float(value))
        with self._writer.as_default():
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature.
        """Close the log."""
        self._writer.close()
