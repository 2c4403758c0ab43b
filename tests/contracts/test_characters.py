"""Measures of texts, against values counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.characters import Characters, Kind


def column(*texts: str | None) -> Characters:
    return Characters.of(np.array(texts, object))


def test_kinds_are_counted_text_by_text() -> None:
    text = column("Ab_9.", None, "\u00e9 \u0436\U0001f600|")
    assert text.known.tolist() == [True, False, True]
    assert text.length.tolist() == [5, 0, 5]
    assert text.count(Kind.UPPER).tolist() == [1, 0, 0]
    assert text.count(Kind.UNDERSCORE, Kind.DIGIT, Kind.STOP).tolist() == [3, 0, 0]
    assert text.count(Kind.LATIN).tolist() == [0, 0, 1]
    assert text.count(Kind.LETTER).tolist() == [0, 0, 1]
    assert text.count(Kind.SYMBOL).tolist() == [0, 0, 1]
    assert text.count(Kind.SEPARATOR).tolist() == [0, 0, 1]


def test_digits_at_the_end_are_those_without_a_break() -> None:
    assert column("ab12", "1a", "123", "", "9", "a1b22").trailing(Kind.DIGIT).tolist() == [2, 0, 3, 0, 1, 2]


def test_shares_of_letters() -> None:
    assert column("KAlo", "77").upper_share().tolist() == [0.5, 0]
    assert column("KAlo", "rhythm").vowel_share().tolist() == pytest.approx([0.5, 1 / 6])


def test_entropy_in_bits() -> None:
    assert column("aaaa", "abab", "abcd", "").entropy().tolist() == pytest.approx([0, 1, 2, 0])


def test_ends_belong_to_their_own_text() -> None:
    text = column("A.", "", "b!")
    assert text.first.tolist() == [Kind.UPPER, -1, Kind.LOWER]
    assert text.last.tolist() == [Kind.STOP, -1, Kind.EXCLAMATION]


def test_switches_between_kinds() -> None:
    assert column("kalo77_ren", "kalo", "").switches().tolist() == [3, 0, 0]


def test_links_do_not_run_over_the_end_of_a_text() -> None:
    assert column("http://a https://b", "a:", "//b").links().tolist() == [2, 0, 0]


def test_bigrams_ignore_case_and_signs() -> None:
    one, same, other = column("Kalo Ren", "kalo_ren", "tea").bigrams
    assert one == same
    assert one != other
    assert one & other != one


@given(st.lists(st.none() | st.text(max_size=12), min_size=1, max_size=6))
def test_a_text_measures_the_same_alone_and_among_others(texts: list[str | None]) -> None:
    together = column(*texts)
    for index, text in enumerate(texts):
        alone = column(text)
        for measure in (Characters.entropy, Characters.switches, Characters.links):
            assert measure(together)[index] == measure(alone)[0]
        for kept in ("bigrams", "first", "last"):
            assert getattr(together, kept)[index] == getattr(alone, kept)[0]
        assert together.trailing(Kind.DIGIT)[index] == alone.trailing(Kind.DIGIT)[0]


def test_many_texts_are_measured_as_each_by_itself() -> None:
    pieces = ["", "a", "Maple_42", "!! ?", "https://x.invalid/a", "\u00e9\u0661 \U0001f33f", "z" * 300, "a:/b", "ends:"]
    texts = [pieces[number * 7 % len(pieces)] for number in range(1100)]
    together = Characters.of(np.array(texts, object))
    for measure in (
        Characters.entropy, Characters.links, Characters.switches, Characters.digits, Characters.vowel_share,
        lambda text: text.bigrams, lambda text: text.trailing(Kind.DIGIT), lambda text: text.count(*Kind),
    ):  # fmt: skip
        alone = {piece: measure(Characters.of(np.array([piece], object)))[0] for piece in pieces}
        np.testing.assert_array_equal(measure(together), [alone[text] for text in texts])
