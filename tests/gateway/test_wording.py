from __future__ import annotations

import pytest

from contracts.features import VALUE_NAMES
from contracts.model import CLASSES
from contracts.profile import MODEL_FACTS
from gateway.wording import CLASS_WORDS, FACT_WORDS, FEATURE_WORDS, Kind, hours, percent, value_words


def test_every_class_feature_and_fact_has_words() -> None:
    assert set(CLASS_WORDS) == set(CLASSES)
    assert set(FEATURE_WORDS) == set(VALUE_NAMES)
    assert set(FACT_WORDS) == {name for names in MODEL_FACTS.values() for name in names}


def test_no_phrase_claims_what_an_account_is() -> None:
    assert all(words.phrase.split()[0] in {"a", "an"} for words in CLASS_WORDS.values())


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1, "100%"), (0.124, "12%")]
)
def test_a_percentage_is_never_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        (Kind.COUNT, 1204331.0, "1,204,331"),
        (Kind.RATIO, 0.0132, "0.013"),
        (Kind.AMOUNT, 2.0, "2"),
        (Kind.PERCENT, 2.44, "2.4%"),
        (Kind.SHARE, 0.25, "25%"),
        (Kind.FLAG, 1.0, "yes"),
        (Kind.PLATFORM, 0.0, "X"),
        (Kind.HOURS, 72.0, "3 days"),
    ],
)
def test_a_number_reads_as_its_kind_does(kind: Kind, number: float, text: str) -> None:
    assert value_words(kind, number) == text


def test_a_duration_has_its_natural_unit() -> None:
    assert [hours(number) for number in (0.5, 5, 480)] == ["30 min", "5 h", "20 days"]
