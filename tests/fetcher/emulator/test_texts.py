from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fetcher.emulator.dice import dice
from fetcher.emulator.texts import biography, name

SHAPES = st.fixed_dictionaries(
    {},
    optional={
        "biography_upper_share": st.floats(0, 1),
        "biography_starts_upper": st.sampled_from([0.0, 1.0]),
        "biography_ends_sentence": st.sampled_from([0.0, 1.0]),
        "biography_links": st.floats(0, 9),
        "biography_stops": st.floats(0, 30),
        "biography_hashtags": st.floats(0, 20),
    },
)


@given(length=st.integers(0, 160), facts=SHAPES)
def test_a_biography_has_the_wanted_length(length: int, facts: dict[str, float]) -> None:
    assert len(biography(dice("a"), length, facts)) == length


def test_signs_and_capitals_follow_the_shape() -> None:
    facts = {"biography_hashtags": 2.0, "biography_exclamations": 3.0, "biography_ends_sentence": 1.0}
    text = biography(dice("a"), 120, {**facts, "biography_upper_share": 0.0, "biography_starts_upper": 1.0})
    assert (text.count("#"), text.count("!"), text[-1]) == (2, 3, ".")
    assert [letter for letter in text if letter.isupper()] == [text[0]]


def test_a_name_resembles_the_handle_where_the_class_does_so() -> None:
    assert name(dice("a"), "reg_lantern", {"name_in_handle": 1.0, "name_words": 1.0}) == "Lantern"
    assert "Lantern" not in name(dice("b"), "reg_lantern", {"name_in_handle": 0.0, "name_words": 1.0})
