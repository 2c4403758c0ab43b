"""A training run on invented rows writes a complete version."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from contracts.columns import Columns
from contracts.features import FEATURE_NAMES, SCHEMA_VERSION, F, normalize
from contracts.model import CLASSES
from contracts.profile import MODEL_FACTS
from training.attribution import baseline
from training.invented import invent
from training.version import Version


@pytest.fixture(scope="module")
def version(version_folder: Path) -> Version:
    return Version(version_folder)


SHIPPED = Path(__file__).parents[2] / "serving" / "models" / "rollcall" / "1"


def features(rows: int) -> np.ndarray:
    return normalize(Columns.from_profiles(invent(rows, seed=9)))


def test_the_store_holds_nothing_but_the_version(store: Path) -> None:
    assert [path.name for path in (store / "rollcall").iterdir()] == ["1"]


def test_probabilities_add_up_and_confidence_stays_below_the_top(version: Version) -> None:
    probabilities, confidence = version.predict(features(200))
    assert probabilities.shape == (200, 4)
    assert np.abs(probabilities.sum(1) - 1).max() < 1e-5
    assert ((confidence >= 0) & (confidence <= probabilities.max(1) + 1e-6)).all()


def test_a_foreign_account_lowers_the_confidence(version: Version) -> None:
    rows = features(100)
    foreign = rows.copy()
    foreign[:, 1 : F // 2] = 1
    foreign[:, F // 2 :] = 1
    share = [confidence / probabilities.max(1) for probabilities, confidence in map(version.predict, (rows, foreign))]
    assert share[1].mean() < share[0].mean()


def test_contributions_add_up_to_the_difference_from_the_baseline(version: Version) -> None:
    rows = features(1000)
    contributions = version.explain(rows)
    assert contributions.shape == (1000, F, 4)
    start = version.predict(np.asarray(baseline(rows), np.float32))[0]
    error = np.abs(contributions.sum(1) - (version.predict(rows)[0] - start))
    assert error.max() <= 0.01


def test_with_the_gate_shut_answers_are_probabilities_too(version: Version) -> None:
    assert np.abs(version.as_foreign(features(100)).sum(1) - 1).max() < 1e-5


def test_with_the_gate_shut_the_shipped_version_answers_otherwise() -> None:
    # The small version of these tests finds every invented account foreign, so its gate is shut already.
    shipped, rows = Version(SHIPPED), features(300)
    assert np.abs(shipped.as_foreign(rows) - shipped.predict(rows)[0]).max() > 1e-3


def test_an_answer_does_not_depend_on_its_neighbours(version: Version) -> None:
    rows = features(50)
    alone = np.concatenate([version.predict(row[np.newaxis])[0] for row in rows])
    assert np.abs(alone - version.predict(rows)[0]).max() < 1e-5


def test_the_description_names_what_the_gateway_needs(version: Version) -> None:
    description = version.description
    assert (description.schema_version, description.feature_names) == (SCHEMA_VERSION, FEATURE_NAMES)
    assert description.classes == CLASSES
    assert all(0 < each < 1 for each in description.accusation_thresholds.values())
    assert description.wants == {"instagram": ("activity",)}
    for platform in ("x", "instagram"):
        assert sum(description.base_rates[platform].values()) == pytest.approx(1, abs=1e-3)
        assert len(description.quantiles[platform]["followers"]) == len(description.quantile_levels)
        assert "listed" not in description.quantiles[platform]
    assert "instafake-real" not in description.card["trained_on"]
    for platform, whole in MODEL_FACTS.items():
        views = description.card["views"][platform.value]
        assert views[0]["facts"] == list(whole)
        assert {"facts": ["followers", "following", "posts"]}.items() <= views[-1].items()
        assert all(view["rows"] > 0 and 0 <= view["accuracy"] <= 1 for view in views)
        assert description.card["reliability"][platform.value]
        assert description.card["gate_shut"][platform.value]["accuracy"] > 0.5


def test_quantiles_keep_away_from_the_extremes(version: Version) -> None:
    assert min(version.description.quantile_levels) >= 0.01
    assert max(version.description.quantile_levels) <= 0.99


def test_golden_profiles_get_their_probabilities(version: Version, version_folder: Path) -> None:
    golden = json.loads((version_folder / "assets.extra" / "golden.json").read_text("utf-8"))
    answers = version.predict(np.array([each["features"] for each in golden], np.float32))[0]
    assert np.abs(answers - np.array([each["probabilities"] for each in golden])).max() < 1e-5


def test_the_manifest_covers_every_other_file(version_folder: Path) -> None:
    files = json.loads((version_folder / "assets.extra" / "manifest.json").read_text("utf-8"))["files"]
    present = {path.relative_to(version_folder).as_posix() for path in version_folder.rglob("*") if path.is_file()}
    assert present - files.keys() == {"assets.extra/manifest.json"}
    for name, digest in files.items():
        assert hashlib.sha256((version_folder / name).read_bytes()).hexdigest() == digest


def test_warm_up_holds_a_request_for_every_signature(version_folder: Path) -> None:
    import tensorflow as tf

    from contracts.serving_protos import PredictionLog
    from contracts.tensors import from_proto

    records = tf.data.TFRecordDataset(str(version_folder / "assets.extra" / "tf_serving_warmup_requests"))
    requests = [PredictionLog.FromString(record.numpy()).predict_log.request for record in records]
    assert {request.model_spec.signature_name for request in requests} == {"serving_default", "explain", "describe"}
    for request in requests:
        (tensor,) = request.inputs.values()
        assert from_proto(tensor).shape[0] >= 1


def test_the_invented_task_was_learned(version_folder: Path) -> None:
    figures = json.loads((version_folder / "assets.extra" / "evaluation.json").read_text("utf-8"))
    assert figures["platforms"]["x"]["accuracy"] > 0.8
    assert "instafake-real" not in figures["sources"]
