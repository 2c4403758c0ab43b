from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.activity import Post, summarize
from contracts.platforms import Platform
from fetcher.emulator.accounts import Accounts
from fetcher.emulator.population import BASE_RATES, PREFIXES, Population, class_of, state_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HANDLES = {
    Platform.X: st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True),
    Platform.INSTAGRAM: st.from_regex(r"[a-z0-9_]([a-z0-9_.]{0,28}[a-z0-9_])?", fullmatch=True).filter(
        lambda handle: ".." not in handle
    ),
}


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return Accounts(Population.read())


@pytest.mark.parametrize("platform", list(Platform))
@given(data=st.data())
def test_every_valid_handle_exists_and_leads_back_from_its_id(
    accounts: Accounts, platform: Platform, data: st.DataObject
) -> None:
    handle = data.draw(HANDLES[platform])
    account = accounts.by_handle(platform, handle)
    assert account == accounts.by_handle(platform, handle.upper())
    assert account == accounts.by_id(platform, account.id)
    assert 0 < int(account.id) < 2**63


def test_an_account_is_the_same_in_every_process() -> None:
    first, second = (Accounts(Population.read()).by_handle(Platform.X, "reg_walker") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("prefix", "label"), PREFIXES.items())
def test_a_prefix_chooses_the_class(prefix: str, label: str) -> None:
    assert class_of(Platform.X, f"{prefix}walker") == label


def test_other_handles_follow_the_base_rates() -> None:
    drawn = Counter(class_of(Platform.INSTAGRAM, f"walker{number}") for number in range(2000))
    assert all(abs(drawn[label] / 2000 - share) < 0.04 for label, share in BASE_RATES.items())


@pytest.mark.parametrize(
    ("handle", "state"),
    [("a_missing", "missing"), ("bot_suspended", "suspended"), ("reg_a_private", "private"), ("reg_a", None)],
)
def test_a_suffix_chooses_the_outcome(handle: str, state: str | None) -> None:
    assert state_of(handle) == state


@pytest.mark.parametrize("platform", list(Platform))
def test_classes_differ_as_the_data_says(accounts: Accounts, platform: Platform) -> None:
    followers = {
        label: median(accounts.by_handle(platform, f"{prefix}{number}").facts["followers"] for number in range(100))
        for prefix, label in PREFIXES.items()
    }
    assert followers["influencer"] > 10 * followers["regular"]
    assert followers["regular"] > followers["fake"]


def test_posts_say_what_was_drawn(accounts: Accounts) -> None:
    close: Counter[str] = Counter()
    seen = 0
    for number in range(100):
        account = accounts.by_handle(Platform.INSTAGRAM, f"bot_{number}")
        posts = account.posts(NOW)
        if account.count("posts") < 12 or posts is None:
            continue
        activity = summarize(
            [
                Post(
                    created_at=post.taken_at,
                    likes=post.likes,
                    comments=post.comments,
                    caption=post.caption,
                    has_location=post.has_location,
                    is_image=post.is_image,
                )
                for post in posts
            ]
        )
        seen += 1
        for name, slack in (
            ("location_share", 0.1),
            ("non_image_share", 0.1),
            ("caption_near_empty_share", 0.1),
            ("hashtags_per_post_mean", 0.2),
            ("caption_length_mean", 15),
            ("caption_similarity_mean", 0.25),
            ("hours_between_posts_mean", 0.1),
        ):
            value = getattr(activity, name)
            close[name] += value is None or abs(value - account.facts[name]) <= slack
    assert seen > 50
    assert all(count >= 0.9 * seen for count in close.values()), (seen, close)


def test_a_private_accounts_posts_are_hidden(accounts: Accounts) -> None:
    assert accounts.by_handle(Platform.INSTAGRAM, "bot_a_private").posts(NOW) is None
