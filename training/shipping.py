"""The whole of `python -m training --data DIR --out STORE`: rows in, a published version and its figures out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from contracts.features import FEATURE_NAMES, SCHEMA_VERSION
from contracts.model import CLASSES, PROBABILITIES, Description
from contracts.platforms import Platform
from training import extras
from training.config import Config
from training.dataset import Dataset
from training.evaluation import evaluate
from training.platform_model import PlatformModel
from training.protocol_figures import read_figures
from training.reference import LEVELS, base_rates, quantiles
from training.rounding import rounded
from training.run_folder import RunFolder
from training.splits import may_ship, p1_held_out
from training.store import published, publishing
from training.summary import summarize
from training.tables import evaluation_table
from training.tflite import write_lite
from training.trainer import Trainer
from training.version_figures import Answer, on_rows, version_figures
from training.version_graph import VersionGraph

_WANTS = {Platform.INSTAGRAM.value: ("activity",)}


@dataclass(frozen=True, slots=True)
class Shipping:
    """Makes versions by one configuration; `console` shows what happens, `run` lets a run be taken up."""

    config: Config
    console: Console
    run: RunFolder | None = None

    def make(self, data: Path, store: Path) -> Path:
        """Train on the rows that may ship outside P1, judge on P1's, publish. Returns the version's folder.

        Raises NoData and TooFewRows.
        """
        dataset, dropped = Dataset.read(data)
        self.console.print(f"{len(dataset):,} accounts; dropped: {dropped}")
        held_out, ships = p1_held_out(dataset.frame), may_ship(dataset.frame)
        training, judged = dataset.where(ships & ~held_out), dataset.where(ships & held_out)
        trainer = Trainer(self.config, self.console, self.run)
        trainer.prepare()
        models = {
            platform: trainer.fit_platform(training.where(rows), platform)
            for platform in Platform
            if (rows := training.platforms == platform.value).any()
        }
        plain = self._graph(models, "")
        figures = self._judge(plain, judged, dataset.where(~ships))
        self._show(figures)
        graph = self._graph(models, self._describe(training, figures).to_json())
        with publishing(store) as draft:
            graph.save(draft)
            extras.write_warmup(draft)
            extras.write_golden(draft, _predict(graph))
            extras.write_json(draft, extras.EVALUATION, rounded(figures))
            self.console.print(write_lite(draft))
            extras.write_manifest(draft)
        return published(store)

    def _judge(self, graph: VersionGraph, judged: Dataset, non_commercial: Dataset) -> dict[str, Any]:
        """Every figure that the version carries; the protocol's only if they are about this configuration."""
        predict, shut = _predict(graph), _as_foreign(graph)
        thresholds = self.config.description.accusation_thresholds.by_platform()
        others = evaluate(on_rows(predict), non_commercial, thresholds)["sources"] if len(non_commercial) else {}
        return version_figures(predict, shut, judged, thresholds) | {
            "non_commercial": others,
            "protocol": read_figures(self.config),
        }

    def _graph(self, models: dict[Platform, PlatformModel], description: str) -> VersionGraph:
        return VersionGraph(models, description, self.config.explanation.steps)

    def _describe(self, training: Dataset, figures: dict[str, Any]) -> Description:
        description = self.config.description
        return Description(
            schema_version=SCHEMA_VERSION,
            feature_names=FEATURE_NAMES,
            classes=CLASSES,
            accusation_thresholds=description.accusation_thresholds.by_platform(),
            quantile_levels=LEVELS,
            quantiles=quantiles(training, description.quantile_accounts),
            base_rates=base_rates(training),
            wants={name: parts for name, parts in _WANTS.items() if (training.platforms == name).any()},
            card=summarize(training, figures),
        )

    def _show(self, figures: dict[str, Any]) -> None:
        for title, group in (("P1: held-out rows", "platforms"), ("by source", "sources"), ("as live", "live_masks")):
            self.console.print(evaluation_table(title, figures[group]))


def _predict(graph: VersionGraph) -> Answer:
    return lambda features: np.asarray(graph.predict(features)[PROBABILITIES].numpy(), np.float64)


def _as_foreign(graph: VersionGraph) -> Answer:
    return lambda features: np.asarray(graph.foreign(features)[PROBABILITIES].numpy(), np.float64)
