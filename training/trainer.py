"""Fits what a platform needs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import Progress

from contracts.platforms import Platform
from training.balancing import wanted_weights
from training.calibration import Calibration, calibrate
from training.config import Config, ExpertConfig, PlatformConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.density import learn_density
from training.disguises import Disguises
from training.evaluation import Predict
from training.expert import Expert, mean_logits
from training.fields import silenced, unsupported, without_options
from training.fitting import classes_of_sources, fit
from training.gate import Gate, Judge
from training.judge import learn_judge, rehearse
from training.platform_model import PlatformModel
from training.progress import EpochBar
from training.rehearsal import QuickFits
from training.run_folder import RunFolder, network_key
from training.splits import validation


class TooFewRows(Exception):  # noqa: N818 - it says what is lacking.
    """A class of a platform has too few rows to be learned; the message names them."""


@dataclass(frozen=True, slots=True)
class Trainer:
    """Fits what one platform needs; `console` shows how far it is, `run` keeps what was finished."""

    config: Config
    console: Console
    run: RunFolder | None = None

    def prepare(self) -> None:
        """Fix the seeds and threads of this process; once, before the first fit."""
        keras.utils.set_random_seed(self.config.seed)
        # A process that has used TensorFlow before, as a test's has, keeps the threads that it has.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(self.config.threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)

    def fit_platform(self, rows: Dataset, platform: Platform) -> PlatformModel:
        """The model of `platform`, learned and calibrated on `rows` of it; raises TooFewRows."""
        self._refuse_rare_classes(rows, platform)
        config = self.config.of(platform)
        off = unsupported(rows.columns, rows.labels, rows.sources, config.fields.supported_together)
        read = (~silenced(off)).astype(np.float32)
        seen = Dataset(rows.frame, rows.features * read, rows.labels)
        judged = validation(rows.frame, self.config.data.validation_percent)
        learned, kept = seen.where(~judged), seen.where(judged)
        with Progress(*Progress.get_default_columns(), console=self.console, transient=True) as progress:
            networks = [
                self._fit_networks(learned, kept, expert, index, progress)
                for index, expert in enumerate((config.close, *config.general))
            ]
        named = classes_of_sources(learned, config.close)
        close = Expert(networks[0], 1, _calibrated(networks[0], kept, config.close), named, read)
        temperature, of_general = config.mixture.temperature, [each for kind in networks[1:] for each in kind]
        fitted = None if temperature else _calibrated(of_general, kept, config.general[0])
        general = Expert(of_general, temperature or 1, fitted, read=read)
        density = learn_density(learned.features, learned.sources, config.gate, self.config.seed)
        gate = Gate(density, self._learn_judge(rows.where(~judged), rows.where(judged), config), config.gate, read)
        gate.settle(kept.features, close.witness(tf.constant(kept.features))[1], learned.features)
        return PlatformModel(close, general, gate, config.mixture)

    def method(self, rows: Dataset) -> Predict:
        """Fit the one platform of `rows`, as protocol.py's methods do."""
        model = self.fit_platform(rows, Platform(str(rows.platforms[0])))
        return lambda judged: np.asarray(model.probabilities(tf.constant(judged.features)), np.float64)

    def _fit_networks(
        self, learned: Dataset, kept: Dataset, expert: ExpertConfig, index: int, progress: Progress
    ) -> list[DenseNetwork]:
        """The members of a platform's kind `index`, where 0 is the close one."""
        platform = Platform(str(learned.platforms[0]))
        config = self.config.of(platform)
        name = f"{platform.value}-general-{index}" if index else f"{platform.value}-close"
        borrowers = without_options(learned.columns, learned.labels, learned.sources)
        disguises = Disguises(config.disguises, borrowers)
        networks: list[DenseNetwork] = []
        for member in range(expert.members):
            seed = self.config.seed + 10 * index + member
            bar = EpochBar(progress, f"{name}-{member + 1}", expert.epochs)

            def finish(watchers: Sequence[Any], seed: int = seed, bar: EpochBar = bar) -> DenseNetwork:
                groups = config.fields.dropped_together
                return fit(learned, kept, expert, groups, disguises, seed=seed, callbacks=[bar, *watchers])

            settings = (seed, expert, config.fields, config.disguises)
            key = network_key(f"{name}-{member + 1}", learned, *settings)
            networks.append(self.run.take_up(key, finish) if self.run else finish([]))
        return networks

    def _learn_judge(self, rows: Dataset, kept: Dataset, config: PlatformConfig) -> Judge | None:
        """What opens the gate, from quick fits that each lack some sources; None where the density alone does."""
        rehearsal = config.gate.rehearsal
        if not rehearsal.groups:
            return None
        with Progress(*Progress.get_default_columns(), console=self.console, transient=True) as progress:
            bar = progress.add_task("rehearsal", total=rehearsal.groups * rehearsal.repeats)
            fits = QuickFits(config, kept, self.run, lambda: progress.advance(bar))
            rehearsed = rehearse(rows, fits.learn, rehearsal, self.config.seed)
        return learn_judge(rehearsed, self.config.seed) if rehearsed else None

    def _refuse_rare_classes(self, rows: Dataset, platform: Platform) -> None:
        counts = rows.frame["label"].value_counts()
        rare = [f"{name} ({count})" for name, count in counts.items() if count < self.config.data.minimum_rows]
        if rare or len(counts) < 2:
            raise TooFewRows(
                f"{platform.title}: every class needs {self.config.data.minimum_rows} rows and there must be two; "
                f"too rare: {', '.join(rare) or 'all but one'}."
            )


def _calibrated(networks: Sequence[DenseNetwork], kept: Dataset, expert: ExpertConfig) -> Calibration:
    logits = mean_logits(networks, kept.features)
    weights = wanted_weights(kept.labels, kept.sources, expert.class_power, expert.source_power)
    return calibrate(logits, kept.labels, weights)
