from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.features import VALUE_NAMES
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from tests.gateway.fakes import FakeModel, assessment


def test_the_label_is_the_most_probable_class() -> None:
    assert assessment(FakeModel((0.1, 0.2, 0.1, 0.6))).label == "fake"


@pytest.mark.parametrize(
    ("probabilities", "unsure"),
    [
        ((0.31, 0.69, 0.0, 0.0), True),
        ((0.29, 0.71, 0.0, 0.0), False),
        ((0.31, 0.0, 0.0, 0.69), True),
        ((0.51, 0.49, 0.0, 0.0), False),
        ((0.49, 0.3, 0.21, 0.0), True),
        ((0.3, 0.2, 0.49, 0.01), True),
        ((0.3, 0.1, 0.51, 0.09), False),
    ],
)
def test_an_accusation_needs_more_than_another_label(
    probabilities: tuple[float, float, float, float], unsure: bool
) -> None:
    assert assessment(FakeModel(probabilities)).unsure is unsure


def test_the_two_questions_are_sums_of_classes() -> None:
    answer = assessment(FakeModel((0.1, 0.2, 0.3, 0.4)))
    assert answer.automated_or_inauthentic == pytest.approx(0.6)
    assert answer.large_audience == pytest.approx(0.3)


def test_a_feature_and_its_mask_are_one_contribution_strongest_first() -> None:
    first, second, *rest = assessment().contributions
    assert (first.feature, first.contribution) == ("followers", 0.75)
    assert first.value == pytest.approx(2.494, abs=0.001)
    assert (second.feature, second.contribution) == ("posts", -0.375)
    assert len(rest) == len(VALUE_NAMES) - 2


def test_an_unknown_feature_has_no_value() -> None:
    answer = assessment(followers=None)
    assert answer.contributions[0].feature == "followers"
    assert answer.contributions[0].value is None
    assert answer.facts_unknown == ("followers", "created_at")


def test_the_address_is_by_handle_where_it_is_known() -> None:
    by_id = ProfileRef(Platform.INSTAGRAM, id="4211")
    assert assessment(ref=by_id, username="Reg.Maple").url == "https://www.instagram.com/reg.maple/"
    assert assessment(ref=by_id, username=None).url == "https://www.instagram.com/"
    assert assessment(ref=by_id, username="not a handle").url == "https://www.instagram.com/"


def test_json_holds_what_the_interface_promises() -> None:
    body = assessment().to_json()
    assert body["profile"]["handle"] == "reg_maple"
    assert body["profile"]["id"] == "4211"
    assert body["profile"]["url"] == "https://x.com/reg_maple"
    assert body["label"] == "regular"
    assert body["unsure"] is False
    assert list(body["probabilities"]) == ["regular", "bot", "influencer", "fake"]
    assert body["model"] == {"name": "rollcall", "version": 7}
    assert body["emulated"] is True
    assert body["provenance"] == {"fetched_at": "2026-01-31T11:57:00Z", "method": "users/by", "cached": False}
    assert body["prevalence"]["regular"] == 0.7
    assert body["facts"]["unknown"] == ["created_at"]


def test_without_stated_shares_the_prevalence_is_empty() -> None:
    model = FakeModel()
    model.description = replace(model.description, base_rates={})
    assert assessment(model).to_json()["prevalence"] == {}
