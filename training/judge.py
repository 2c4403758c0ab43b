"""Teaches the gate what foreign looks like, by rehearsing: whole sources are held out of quick fits, again and again.

On the rows of a source that a fit never saw, densities and networks behave as they will on a collection that nobody has
seen; on other rows left out they behave as on known ones. The judge learns to tell the two by that behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.config import RehearsalConfig
from training.dataset import Dataset
from training.gate import Floats, Judge

_NETWORKS, _UNITS, _STEPS, _BATCH = 3, 32, 400, 768
_NOISE, _DROPOUT = 0.2, 0.1
_FAMILIAR = 0.2

Layer = tuple[Floats, Floats]

LearnView = Callable[[Dataset, int], Callable[[Dataset], Floats]]
"""Fits on some rows by a seed; what it returns views others, see gate.view."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """Views of rows left out, and the source of each; `foreign` where the fit saw nothing of that source."""

    views: Floats
    foreign: NDArray[np.bool_]
    sources: NDArray[np.str_]


def rehearse(rows: Dataset, learn: LearnView, config: RehearsalConfig, seed: int) -> Rehearsed | None:
    """Hold out each group of the sources, in several different partitions; None where no source can be spared."""
    random = np.random.default_rng(seed)
    parts: list[tuple[Floats, NDArray[np.bool_], NDArray[np.str_]]] = []
    sources = rows.sources.astype(str)
    for repeat in range(config.repeats):
        partition = _partition(sources, rows.labels, config.groups, random)
        for group in range(config.groups):
            foreign = np.array([partition[source] == group for source in sources])
            familiar = ~foreign & (random.random(len(rows)) < _FAMILIAR)
            if not foreign.any():
                continue
            look = learn(rows.where(~foreign & ~familiar), seed + repeat * config.groups + group)
            judged = foreign | familiar
            parts.append((look(rows.where(judged)), foreign[judged], sources[judged]))
    if not parts:
        return None
    views, foreign_rows, names = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Rehearsed(views, foreign_rows, names)


def learn_judge(rehearsed: Rehearsed, seed: int) -> Judge:
    """The mean of several small networks: one alone moves P1 by half a point with its seed, at equal P2.

    Both kinds of rows weigh alike, and so does each foreign source.
    """
    mean, scale = rehearsed.views.mean(0), rehearsed.views.std(0) + 1e-3
    views = np.asarray(Judge(mean, scale, ()).standardised(rehearsed.views))
    return Judge(mean, scale, averaged([_fit(views, rehearsed, seed + step) for step in range(_NETWORKS)]))


def _fit(views: Floats, rehearsed: Rehearsed, seed: int) -> list[Layer]:
    random = np.random.default_rng(seed)
    drawn = random.choice(len(views), _STEPS * _BATCH, p=_chances(rehearsed))
    network = _network(views.shape[1], seed)
    network.fit(views[drawn], ~rehearsed.foreign[drawn], batch_size=_BATCH, shuffle=False, verbose=0)
    dense = [layer.get_weights() for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    return [(np.asarray(kernel), np.asarray(bias)) for kernel, bias in dense]


def averaged(networks: Sequence[Sequence[Layer]]) -> tuple[Layer, ...]:
    """One wide network that answers the mean of `networks`, each of one hidden layer."""
    hidden, last = zip(*networks, strict=True)
    answer: Layer = (
        (np.concatenate([kernel for kernel, _ in last]) / len(last)).astype(np.float32),
        np.mean([bias for _, bias in last], axis=0).astype(np.float32),
    )
    return (
        np.concatenate([kernel for kernel, _ in hidden], axis=1),
        np.concatenate([bias for _, bias in hidden]),
    ), answer


def _network(width: int, seed: int) -> Any:
    inputs = keras.Input((width,))
    x = keras.layers.GaussianNoise(_NOISE, seed=seed)(inputs)
    x = keras.layers.Dense(_UNITS, "silu", kernel_initializer=keras.initializers.HeNormal(seed))(x)
    x = keras.layers.Dropout(_DROPOUT, seed=seed)(x)
    x = keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed))(x)
    model = keras.Model(inputs, x)
    schedule = keras.optimizers.schedules.CosineDecay(5e-3, _STEPS)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3), loss, jit_compile=False)
    return model


def _partition(
    sources: NDArray[np.str_], labels: NDArray[np.int64], groups: int, random: np.random.Generator
) -> dict[str, int]:
    """Source -> its group. The only source of a class is in none, -1: a fit without a class would teach nothing."""
    label_of = {str(source): int(labels[sources == source][0]) for source in np.unique(sources)}
    of_class = np.bincount(list(label_of.values()))
    free = [source for source, label in label_of.items() if of_class[label] > 1]
    while True:
        drawn = {source: int(group) for source, group in zip(free, random.integers(0, groups, len(free)), strict=True)}
        parts = {label: {drawn[source] for source in free if label_of[source] == label} for label in label_of.values()}
        if all(len(each) != 1 for each in parts.values()):
            return dict.fromkeys(label_of, -1) | drawn


def _chances(rehearsed: Rehearsed) -> NDArray[np.float64]:
    """The chance, sum 1, that each row is drawn."""
    foreign = rehearsed.foreign
    chances = np.where(foreign, 0.0, 0.5 / max(1, int((~foreign).sum())))
    names, counts = np.unique(rehearsed.sources[foreign], return_counts=True)
    for name, count in zip(names, counts, strict=True):
        chances[foreign & (rehearsed.sources == name)] = 0.5 / len(names) / count
    chances /= chances.sum()
    return chances
