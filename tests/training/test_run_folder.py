"""A run that was broken off goes on where a network was finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from training.config import Config, DisguiseConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.disguises import Disguises
from training.encoding import Encoding
from training.fitting import fit
from training.run_folder import RunFolder, network_key

PLAIN = Disguises(DisguiseConfig(transplanted=0, borrowed=0, other_script=0), np.zeros(4, np.bool_))
EMPTY = np.zeros(0, np.float32)
NETWORK = DenseNetwork(
    Encoding(EMPTY.astype(np.int32), EMPTY, EMPTY), ((np.ones((2, 4), np.float32), np.zeros(4, np.float32)),)
)


def test_a_finished_network_is_not_fitted_again(tmp_path: Path) -> None:
    fits: list[int] = []

    def once(_: Sequence[Any]) -> DenseNetwork:
        fits.append(1)
        return NETWORK

    for _ in range(2):
        taken = RunFolder(tmp_path / "run").take_up("x-1", once)
        assert np.array_equal(taken.layers[0][0], NETWORK.layers[0][0])
    assert len(fits) == 1


def test_other_rows_or_settings_have_another_key(dataset: Dataset) -> None:
    fewer = dataset.where(dataset.labels > 0)
    keys = [network_key("x", dataset, 1), network_key("x", dataset, 2), network_key("x", fewer, 1)]
    assert len(set(keys)) == 3
    assert network_key("x", dataset, 1) == keys[0]


def test_epochs_are_logged_for_tensorboard(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    short = replace(config.x.close, epochs=2)
    groups = config.x.fields.dropped_together
    RunFolder(tmp_path).take_up(
        "x-1", lambda watchers: fit(dataset, dataset, short, groups, PLAIN, seed=1, callbacks=watchers)
    )
    (log,) = (tmp_path / "logs" / "x-1").iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(log))]
    losses = [value.simple_value for event in events for value in event.summary.value if value.tag == "val_loss"]
    assert len(losses) == 2
    assert losses[1] < losses[0]
