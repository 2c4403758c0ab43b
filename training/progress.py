"""What a person sees while a run goes on."""

from __future__ import annotations

from typing import Any

import keras
from rich.progress import Progress


class EpochBar(keras.callbacks.Callback):  # type: ignore[misc]  # Keras publishes no types.
    """One bar per network: epochs done, training and validation loss."""

    def __init__(self, progress: Progress, title: str, epochs: int) -> None:
        super().__init__()
        self._progress, self._title = progress, title
        self._task = progress.add_task(title, total=epochs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Move the bar."""
        losses = f"loss {(logs or {}).get('loss', 0):.3f}, validation {(logs or {}).get('val_loss', 0):.3f}"
        self._progress.update(self._task, completed=epoch + 1, description=f"{self._title}: {losses}")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature.
        """Early stopping ends the bar as well."""
        self._progress.update(self._task, total=self._progress.tasks[self._task].completed)
