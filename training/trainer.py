"""One training run: labelled accounts in, a published version out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import Progress

from contracts.platforms import Platform
from training.calibration import calibrate
from training.config import Config
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.evaluation import Predict
from training.familiarity import learn
from training.fitting import fit
from training.platform_model import PlatformModel
from training.progress import EpochBar
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
        if tf.config.threading.get_intra_op_parallelism_threads() == 0:
            tf.config.threading.set_intra_op_parallelism_threads(self.config.threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)

    def fit_platform(self, rows: Dataset, platform: Platform) -> PlatformModel:
        """The model of `platform`, learned and calibrated on `rows` of it; raises TooFewRows."""
        config = self.config
        self._refuse_rare_classes(rows, platform)
        judged = validation(rows.frame, config.data.validation_percent)
        learned, kept = rows.where(~judged), rows.where(judged)
        members: list[DenseNetwork] = []
        with Progress(*Progress.get_default_columns(), console=self.console, transient=True) as progress:
            for member in range(config.network.members):
                seed = config.seed + member
                name = f"{platform.value}-{member + 1}"
                key = network_key(
                    name, learned, seed, config.balance, config.field_dropout, config.network, config.fitting
                )
                bar = EpochBar(progress, name, config.fitting.epochs)

                def finish(watchers: Sequence[Any], seed: int = seed, bar: EpochBar = bar) -> DenseNetwork:
                    return fit(learned, kept, config, seed, [bar, *watchers])

                members.append(self.run.take_up(key, finish) if self.run else finish([]))
        logits = np.mean([member.logits(kept.features) for member in members], axis=0)
        calibration = calibrate(logits, kept.labels)
        return PlatformModel(members, calibration, learn(learned.features))

    def method(self, rows: Dataset) -> Predict:
        """Fit the one platform of `rows`, as protocol.py's methods do."""
        platform = Platform(str(rows.platforms[0]))
        model = self.fit_platform(rows, platform)
        return lambda judged: np.asarray(model.probabilities(tf.constant(judged.features)), np.float64)

    def _refuse_rare_classes(self, rows: Dataset, platform: Platform) -> None:
        counts = rows.frame["label"].value_counts()
        rare = [f"{name} ({count})" for name, count in counts.items() if count < self.config.data.minimum_rows]
        if rare or len(counts) < 2:
            raise TooFewRows(
                f"{platform.title}: every class needs {self.config.data.minimum_rows} rows and there must be two; "
                f"too rare: {', '.join(rare) or 'all but one'}."
            )
