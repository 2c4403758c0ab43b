"""What a version says of itself reads back, and nonsense is refused by name."""

from __future__ import annotations

import json

import pytest

from contracts.json_fields import InvalidField
from contracts.model import CLASSES, Description

DESCRIPTION = Description(
    schema_version=1,
    feature_names=("a", "a_known"),
    classes=CLASSES,
    accusation_thresholds={"x": 0.7},
    quantile_levels=(0.01, 0.99),
    quantiles={"x": {"a": (0.0, 1.0)}},
    base_rates={"x": dict.fromkeys(CLASSES, 0.25)},
    wants={"instagram": ("activity",)},
    card={"title": "Invented"},
)


def test_a_description_survives_json() -> None:
    again = Description.from_json(DESCRIPTION.to_json())
    assert again.to_json() == DESCRIPTION.to_json()
    assert again.classes == CLASSES
    assert again.wants == {"instagram": ("activity",)}


def test_nobody_is_accused_on_a_platform_that_was_not_learned() -> None:
    assert DESCRIPTION.accusation_threshold("x") == 0.7
    assert DESCRIPTION.accusation_threshold("instagram") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accusation_thresholds", {"x": 2.0}),
        ("accusation_thresholds", 0.7),
        ("classes", "all"),
        ("schema_version", "1"),
        ("surprise", 1),
    ],
)
def test_a_bad_description_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    document = json.loads(DESCRIPTION.to_json()) | {field: value}
    with pytest.raises(InvalidField, match=field):
        Description.from_json(json.dumps(document))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidField, match="description"):
        Description.from_json(b"\xff{")
