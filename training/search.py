"""A search over few settings, scored on unseen sources (P2): what the configuration in use is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
from rich.console import Console

from contracts.platforms import Platform
from training.config import Config, PlatformConfig
from training.dataset import Dataset
from training.measures import class_figures, confusion_matrix
from training.rounding import rounded
from training.splits import P2_FOLDS, Fold
from training.trainer import Trainer

Tell = Callable[[str], None]


def search(
    config: Config,
    dataset: Dataset,
    platform: Platform,
    *,
    trials: int,
    folds: Sequence[str],
    epochs: int,
    minutes: float | None,
    console: Console,
    tell: Tell,
) -> dict[str, Any]:
    """The study as a table: `{"folds", "epochs", "trials": [{"settings", "score", "state"}]}`, the one in use first.

    `score`: mean macro-F1 over `folds`, each refitted with at most `epochs` epochs a network. A trial whose first folds
    are below the median of the earlier ones is not finished (state "pruned"). After `minutes` no trial is begun.
    """
    chosen = [fold for fold in P2_FOLDS if fold.platform is platform and fold.name in folds]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=config.seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.enqueue_trial(in_use(config.of(platform)))

    def score(trial: optuna.Trial) -> float:
        settings = short(suggest(trial, config.of(platform)), epochs)
        trainer = Trainer(config.with_platform(platform, settings), console)
        scores: list[float] = []
        for step, fold in enumerate(chosen):
            scores.append(_score(trainer, dataset, fold))
            trial.report(float(np.mean(scores)), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        tell(f"{platform.title} trial {trial.number}: {np.mean(scores):.3f}")
        return float(np.mean(scores))

    study.optimize(score, n_trials=trials, timeout=None if minutes is None else 60 * minutes)
    return {
        "folds": [fold.name for fold in chosen],
        "epochs": epochs,
        "trials": [_row(trial) for trial in study.trials],
    }


def in_use(platform: PlatformConfig) -> dict[str, Any]:
    """The point of the space that the configuration holds."""
    return {
        "close.dropout": platform.close.dropout,
        "close.noise": platform.close.noise,
        "close.bins": platform.close.bins,
        "general.noise": platform.general[0].noise,
        "general.learning_rate": platform.general[0].learning_rate,
        "gate.foreign": platform.gate.foreign,
    }


def suggest(trial: optuna.Trial, platform: PlatformConfig) -> PlatformConfig:
    """The configuration that `trial` asks for."""
    close = replace(
        platform.close,
        dropout=trial.suggest_float("close.dropout", 0.1, 0.5),
        noise=trial.suggest_float("close.noise", 0.01, 0.2, log=True),
        bins=trial.suggest_categorical("close.bins", (0, 8, 16)),
    )
    noise = trial.suggest_float("general.noise", 0.05, 0.5)
    rate = trial.suggest_float("general.learning_rate", 1e-3, 2e-2, log=True)
    # The kinds keep their proportions of noise.
    share = noise / platform.general[0].noise
    general = tuple(replace(each, noise=each.noise * share, learning_rate=rate) for each in platform.general)
    gate = replace(platform.gate, foreign=trial.suggest_float("gate.foreign", 0.0, 0.9))
    return replace(platform, close=close, general=general, gate=gate)


def short(platform: PlatformConfig, epochs: int) -> PlatformConfig:
    """The same with one network a kind and at most `epochs` epochs."""
    close, *general = (
        replace(each, members=1, epochs=min(epochs, each.epochs)) for each in (platform.close, *platform.general)
    )
    return replace(platform, close=close, general=tuple(general))


def _score(trainer: Trainer, dataset: Dataset, fold: Fold) -> float:
    test = dataset.where(fold.is_test(dataset.frame))
    predicted = trainer.method(dataset.where(fold.is_training(dataset.frame)))(test).argmax(1)
    return float(class_figures(confusion_matrix(test.labels, predicted))[2][np.unique(test.labels)].mean())


def _row(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    last = trial.value if trial.value is not None else max(trial.intermediate_values.items(), default=(0, None))[1]
    row: dict[str, Any] = rounded({"settings": trial.params, "score": last})
    return row | {"state": trial.state.name.lower()}
