from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.model import CLASSES
from gateway.prevalence import AssumedBy, InvalidPrevalence, Prevalence, read_prevalence, read_shares
from tests.gateway.fakes import DESCRIPTION

SHARES = {"regular": 0.85, "bot": 0.05, "influencer": 0.02, "fake": 0.08}


def test_the_request_goes_before_the_deployment_and_that_before_the_model() -> None:
    deployed = Prevalence({"x": SHARES})
    other = dict(zip(CLASSES, (0.25,) * 4, strict=True))
    asked = deployed.assumed("x", DESCRIPTION, other)
    assert (asked.shares, asked.by) == (other, AssumedBy.REQUEST)
    assert deployed.assumed("x", DESCRIPTION).by is AssumedBy.DEPLOYMENT
    assert deployed.assumed("instagram", DESCRIPTION).by is AssumedBy.MODEL
    assert Prevalence().assumed("x", DESCRIPTION).shares == DESCRIPTION.base_rates["x"]


def test_each_probability_is_weighed_by_its_new_share_over_its_old_one() -> None:
    assumption = Prevalence().assumed("x", DESCRIPTION, {"regular": 0.35, "bot": 0.4, "influencer": 0.1, "fake": 0.15})
    corrected = assumption.correct(np.float32([[0.5, 0.1, 0.2, 0.2]]))
    weighed = np.array([0.25, 0.4, 0.4, 0.2])
    assert corrected[0] == pytest.approx(weighed / weighed.sum())


def test_the_versions_own_shares_change_nothing() -> None:
    given = np.float32([[0.5, 0.1, 0.2, 0.2], [1.0, 0.0, 0.0, 0.0]])
    assert np.array_equal(Prevalence().assumed("x", DESCRIPTION).correct(given), given)
    same = Prevalence().assumed("x", DESCRIPTION, DESCRIPTION.base_rates["x"])
    assert same.correct(given) == pytest.approx(given)


@given(
    st.lists(st.floats(0.001, 1), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda each: sum(each) > 0.01),
)
def test_probabilities_stay_probabilities(shares: list[float], probabilities: list[float]) -> None:
    wanted = {name: share / sum(shares) for name, share in zip(CLASSES, shares, strict=True)}
    rows = np.float32([probabilities]) / np.float32(sum(probabilities))
    corrected = Prevalence().assumed("x", DESCRIPTION, wanted).correct(rows)
    assert corrected.sum() == pytest.approx(1)
    assert (corrected >= 0).all()


def test_shares_cannot_be_asked_for_of_a_version_that_names_none() -> None:
    silent = replace(DESCRIPTION, base_rates={})
    with pytest.raises(InvalidPrevalence, match="does not say"):
        Prevalence().assumed("x", silent, SHARES)
    assert Prevalence({"x": SHARES}).assumed("x", silent).by is AssumedBy.MODEL
    assert Prevalence({"x": SHARES}).assumed("x", silent).unmet
    assert not Prevalence().assumed("x", silent).unmet


def test_a_text_is_read_and_brought_to_one() -> None:
    assert read_prevalence("regular=0.85, bot=0.05,influencer=0.02, fake=0.08") == pytest.approx(SHARES)
    assert sum(read_prevalence("regular=0.85, bot=0.05, influencer=0.02, fake=0.085").values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("regular=0.9, bot=0.1", "names a share of each"),
        ("regular=0.5, bot=0.2, influencer=0.1, fake=0.1", "add up to 1; these add up to 0.9"),
        ("regular=0.9, bot=0.1, influencer=0, fake=0", "from 0.001 to 1"),
        ("regular=nan, bot=0.1, influencer=0.1, fake=0.1", "from 0.001 to 1"),
        ("regular=most, bot=0.1, influencer=0.1, fake=0.1", "must be a number"),
        ("regular=0.5, regular=0.5, bot=0.1, influencer=0.1, fake=0.1", "each class once"),
        ("half", "must be a number"),
    ],
)
def test_what_cannot_be_assumed_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidPrevalence, match=sentence):
        read_prevalence(text)


def test_shares_of_other_classes_are_refused() -> None:
    with pytest.raises(InvalidPrevalence, match="nothing else"):
        read_shares({**SHARES, "cyborg": 0.1})
