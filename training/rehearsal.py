"""The quick fits from which the gate learns what foreign looks like, see judge.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from training.config import ExpertConfig, PlatformConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.density import learn_density
from training.disguises import Disguises
from training.expert import Expert
from training.fields import silenced, unsupported, without_options
from training.fitting import classes_of_sources, fit
from training.gate import Floats, Gate
from training.run_folder import RunFolder, network_key


@dataclass(frozen=True, slots=True)
class QuickFits:
    """Fits what the gate looks at on some sources of a platform, as the whole would be fitted, but small and short.

    `kept`: rows of every source that only judge. `finished` is called after each fit.
    """

    config: PlatformConfig
    kept: Dataset
    run: RunFolder | None
    finished: Callable[[], None]

    def learn(self, rows: Dataset, seed: int) -> Callable[[Dataset], Floats]:
        """What it returns gives other rows' gate.view, as a model of `rows` alone sees them."""
        config = self.config
        off = unsupported(rows.columns, rows.labels, rows.sources, config.fields.supported_together)
        read = (~silenced(off)).astype(np.float32)
        learned = _seen(rows, read)
        gate = Gate(learn_density(learned.features, learned.sources, config.gate, seed), None, config.gate)
        close = Expert([self._network(learned, read, seed)], 1, None, classes_of_sources(rows, config.close))
        self.finished()

        def look(others: Dataset) -> Floats:
            features = tf.constant(_seen(others, read).features)
            return np.asarray(gate.look(features, close.witness(features)[1]))

        return look

    def _network(self, learned: Dataset, read: Floats, seed: int) -> DenseNetwork:
        config, expert = self.config, _quick(self.config)
        judged = _seen(self.kept.where(np.isin(self.kept.sources, np.unique(learned.sources))), read)
        disguises = Disguises(config.disguises, without_options(learned.columns, learned.labels, learned.sources))

        def finish(watchers: Sequence[Any]) -> DenseNetwork:
            groups = config.fields.dropped_together
            return fit(learned, judged, expert, groups, disguises, seed=seed, callbacks=watchers)

        key = network_key("rehearsal", learned, seed, expert, config.fields, config.disguises)
        return self.run.take_up(key, finish) if self.run else finish([])


def _quick(config: PlatformConfig) -> ExpertConfig:
    of = config.gate.rehearsal
    return replace(config.close, members=1, hidden=of.hidden, batches=of.batches, epochs=of.epochs, patience=of.epochs)


def _seen(rows: Dataset, read: Floats) -> Dataset:
    return Dataset(rows.frame, rows.features * read, rows.labels)
