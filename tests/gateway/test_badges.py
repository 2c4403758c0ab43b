from __future__ import annotations

import pytest

from gateway.badges import badges_of, declares_automation
from tests.gateway.fakes import REF, profile_of


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("blue", "Verified, paid for"),
        ("business", "Verified organisation"),
        ("government", "Verified government"),
        (None, "Verified"),
    ],
)
def test_the_type_of_verification_is_named(kind: str | None, text: str) -> None:
    assert badges_of(profile_of(REF, verified=True, verified_type=kind))[0].text == text


def test_none_is_no_type_of_verification() -> None:
    assert badges_of(profile_of(REF, verified=False, verified_type="none")) == ()


@pytest.mark.parametrize(
    "biography",
    [
        "I am a bot. Beep.",
        "I'm a friendly bot",
        "Weather for Linden, automated account",
        "A bot by @invented_maker",
        "Tweets automatically every hour",
    ],
)
def test_who_says_that_it_is_automated_gets_a_badge(biography: str) -> None:
    (badge,) = badges_of(profile_of(REF, biography=biography))
    assert (badge.kind, badge.text) == ("automated", "Says that it is automated")


@pytest.mark.parametrize("biography", ["I am not a bot", "No bots please", "Robotics and botany", "", None])
def test_who_speaks_of_bots_does_not(biography: str | None) -> None:
    assert not declares_automation(profile_of(REF, biography=biography))
