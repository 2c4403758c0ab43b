from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contracts.activity import Activity
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.assessment import Assessment
from gateway.pages import result_view
from gateway.pages.result_view import ResultView
from tests.gateway.fakes import NOW, FakeModel, assessment


def view_of(answer: Assessment) -> ResultView:
    return result_view.view_of(answer, NOW)


def test_it_says_looks_like_and_never_is() -> None:
    assert view_of(assessment()).sentence == "looks like a regular account"
    unsure = view_of(assessment(FakeModel((0.4, 0.3, 0.2, 0.1))))
    assert unsure.sentence == "looks most like a regular account, but not clearly"
    assert unsure.unsure


def test_the_two_questions_get_a_word_and_a_number() -> None:
    automated, audience = view_of(assessment(FakeModel((0.05, 0.6, 0.05, 0.3)))).answers
    assert (automated.verdict, automated.text) == ("Likely", "90%")
    assert (audience.verdict, audience.text) == ("Unlikely", "5%")


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.69, "Rather likely"), (0.45, "Rather unlikely"), (0.25, "Unlikely"), (0.75, "Likely")]
)
def test_between_the_thresholds_the_word_is_weaker(share: float, verdict: str) -> None:
    assert view_of(assessment(FakeModel((1 - share, share, 0.0, 0.0)))).answers[0].verdict == verdict


def test_facts_have_values_and_places() -> None:
    view = view_of(assessment(listed=None, has_url=None))
    facts = {fact.title: fact for fact in view.facts}
    assert (facts["Followers"].text, facts["Followers"].place_text) == ("311", "56%")
    assert facts["Lists it is on"].text is None
    assert facts["Profile picture"].text == "yes"
    assert facts["Following"].place is None
    assert view.unknown == "link, lists it is on, age of the account"


def test_an_empty_text_is_known() -> None:
    facts = {fact.title: fact.text for fact in view_of(assessment(biography="")).facts}
    assert facts["Biography"] == "empty"


def test_posts_that_were_read_are_counted() -> None:
    ref = ProfileRef(Platform.INSTAGRAM, handle="reg_maple")
    facts = {fact.title: fact.text for fact in view_of(assessment(ref=ref, activity=Activity(posts_seen=12))).facts}
    assert facts["Recent posts"] == "12 read"


def test_reasons_are_the_strongest_with_their_direction() -> None:
    followers, posts = view_of(assessment()).reasons
    assert (followers.title, followers.text, followers.toward, followers.width) == ("Followers", "311", True, 1.0)
    assert (posts.title, posts.text, posts.toward, posts.width) == ("Posts", "1,207", False, 0.5)


def test_an_unknown_reason_is_called_unknown() -> None:
    assert view_of(assessment(followers=None)).reasons[0].text == "unknown"


def test_badges_stand_beside_the_answer() -> None:
    since = datetime(2019, 3, 1, tzinfo=UTC)
    view = view_of(
        assessment(verified=True, verified_type="blue", parody=True, business=True, private=True, created_at=since)
    )
    assert tuple(badge.text for badge in view.badges) == (
        "Verified, paid for",
        "Parody",
        "Business account",
        "Private, read from what is public",
        "Since 2019",
    )


def test_an_invented_account_links_to_no_real_one() -> None:
    answer = assessment()
    assert view_of(answer).link is None
    assert view_of(replace(answer, emulated=False)).link == "https://x.com/reg_maple"


def test_the_assumed_shares_are_stated() -> None:
    assert view_of(assessment()).prevalence == (
        "Assumes that accounts on X are 70% regular, 10% bot, 5% influencer, 15% fake, "
        "as among those the model learned from."
    )


def test_other_shares_change_probabilities_label_and_what_is_stated() -> None:
    shares = {"regular": 0.05, "bot": 0.9, "influencer": 0.03, "fake": 0.02}
    view = view_of(assessment(shares=shares))
    assert view.adjusted
    assert view.prevalence is not None
    assert view.prevalence.endswith("are 5% regular, 90% bot, 3% influencer, 2% fake, as you asked.")
    assert view.sentence == "looks like an automated account"
    assert [bar.assumed for bar in view.bars] == list(shares.values())


def test_the_accuracy_is_that_of_accounts_of_which_no_more_is_known() -> None:
    model = FakeModel()
    views = {"x": [{"facts": ["followers", "posts"], "rows": 200, "accuracy": 0.71}]}
    model.description = replace(model.description, card={"views": views})
    read = view_of(assessment(model, listed=None)).facts_read
    assert read == "Read from 9 of 11 facts; accuracy for this view: 71%."
    assert view_of(assessment(listed=None)).facts_read.endswith("the accuracy for this view was not measured.")


def test_an_unsure_answer_says_what_it_lacks() -> None:
    note = view_of(assessment(FakeModel((0.31, 0.69, 0.0, 0.0)))).unsure_note
    assert note == "Unsure: to say plainly “looks like an automated account” takes a probability of 70%."
    assert view_of(assessment()).unsure_note is None


def test_the_age_of_the_profile_is_told() -> None:
    assert view_of(assessment()).age == "3 minutes ago"


def test_an_account_without_a_handle_goes_by_its_id() -> None:
    ref = ProfileRef(Platform.INSTAGRAM, id="4211")
    assert view_of(assessment(ref=ref, username=None)).name == "Account 4211"
