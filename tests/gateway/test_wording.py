from __future__ import annotations

import pytest

from contracts.model import CLASSES
from contracts.profile import MODEL_FACTS
from gateway.wording import CLASS_WORDS, FACT_WORDS, amount, hours, percent, span


def test_every_class_and_fact_has_words() -> None:
    assert set(CLASS_WORDS) == set(CLASSES)
    assert set(FACT_WORDS) == {name for names in MODEL_FACTS.values() for name in names}


def test_no_phrase_claims_what_an_account_is() -> None:
    assert all(words.phrase.split()[0] in {"a", "an"} for words in CLASS_WORDS.values())


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1, "100%"), (0.124, "12%")]
)
def test_a_percentage_is_never_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (0.0132, "0.013"), (2.0, "2"), (2.44, "2.4"), (310.4, "310"), (1204331, "1,204,331")]
)
def test_an_amount_has_as_many_digits_as_a_person_reads(number: float, text: str) -> None:
    assert amount(number) == text


def test_a_duration_has_its_natural_unit() -> None:
    assert [hours(number) for number in (0.5, 5, 480)] == ["30 min", "5 h", "20 days"]
    assert [span(seconds) for seconds in (0, 89, 90, 20_000, 880_000)] == [
        "0 s",
        "89 s",
        "1.5 min",
        "5.6 h",
        "10.2 days",
    ]
