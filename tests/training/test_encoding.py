"""Numbers become pieces between quantiles; an unknown number has none."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.features import VALUE_NAMES, F
from training.encoding import Encoding

COLUMN = VALUE_NAMES.index("followers")


def tensor(values: list[float | None]) -> np.ndarray:
    features = np.zeros((len(values), F), np.float32)
    for row, value in enumerate(values):
        if value is not None:
            features[row, COLUMN], features[row, F // 2 + COLUMN] = value, 1
    return features


@pytest.fixture
def encoding() -> Encoding:
    return Encoding.learn(tensor([*np.linspace(-1, 1, 101), None]), np.array([COLUMN]), bins=4)


def test_pieces_fill_one_after_the_other(encoding: Encoding) -> None:
    pieces = encoding.pieces(tensor([-1, -0.75, 0, 1]))
    assert pieces == pytest.approx(np.array([[-1, -1, -1, -1], [0, -1, -1, -1], [1, 1, -1, -1], [1, 1, 1, 1]]))


def test_an_unknown_value_has_no_pieces(encoding: Encoding) -> None:
    assert not encoding.pieces(tensor([None])).any()


def test_the_graph_computes_the_same(encoding: Encoding) -> None:
    features = tensor([-0.9, 0.3, None, 1])
    assert np.asarray(encoding.in_graph(features)) == pytest.approx(encoding.pieces(features), abs=1e-6)


def test_a_folded_layer_reads_rises_as_the_layer_read_pieces(encoding: Encoding) -> None:
    random = np.random.default_rng(3)
    kernel, bias = random.normal(size=(F + 4, 3)).astype(np.float32), random.normal(size=3).astype(np.float32)
    features = tensor([-1, -0.9, 0.3, None, 1])
    expected = np.concatenate([features, encoding.pieces(features)], axis=1) @ kernel + bias
    folded, offsets = encoding.folded(kernel, bias)
    rises = np.clip(features[:, encoding.columns] - encoding.low, 0, encoding.width)
    read = np.concatenate([features, rises], axis=1)
    assert read @ folded + offsets == pytest.approx(expected, abs=1e-5)


def test_flags_and_nothing_are_not_encoded() -> None:
    flags = tensor([1.0, -1.0, 1.0, None])
    assert not len(Encoding.learn(flags, np.array([COLUMN]), bins=4).columns)
    assert not len(Encoding.learn(tensor([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([COLUMN]), bins=0).columns)
