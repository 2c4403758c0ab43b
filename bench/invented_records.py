"""Invented profile records of both platforms, as many as wanted: what the benchmark of the bulk path reads.

The facts and texts are those of the emulated platforms, which are drawn from committed aggregates of each class; counts
and handles are varied from record to record, and some texts get letters of other scripts, accents and emoji.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson

from contracts.activity import ACTIVITY_FIELDS, Activity
from contracts.platforms import Platform
from contracts.profile import Profile
from fetcher.emulator.accounts import Account, Accounts
from fetcher.emulator.population import Population

_DRAWN = 3000
"""So many accounts of each platform are drawn; a record is one of them with other counts, another handle and id."""
_ADDED = ("", "", "", "", "", "", " ✨🌿", " çà et là", " Москва", " 東京から", " 🇵🇹 | café", " é ü ñ")
_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def write_records(path: Path, count: int, seed: int = 1) -> Path:
    """Write `count` records, one to a line, X and Instagram in turn."""
    with path.open("wb") as file:
        for record in _records(count, Random(seed)):
            file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    return path


def _records(count: int, random: Random) -> Iterator[dict[str, Any]]:
    accounts = Accounts(Population.read())
    drawn = [
        _profile(accounts.by_handle(platform, f"account{number}"), random).to_json()
        for number in range(_DRAWN)
        for platform in Platform
    ]
    for number in range(count):
        # An even step, so that the platforms stay in turn.
        record = drawn[(number + 2 * random.randrange(_DRAWN)) % len(drawn)]
        factor = random.lognormvariate(0, 0.5)
        yield record | {
            "id": str(10**9 + 7919 * number),
            "username": f"{record['username']}{random.choice(('', '_', '.x', 'A'))}{number % 9973}",
            "followers": round(record["followers"] * factor),
            "following": round(record["following"] * random.lognormvariate(0, 0.5)),
            "posts": round(record["posts"] * factor),
        }


def _profile(account: Account, random: Random) -> Profile:
    facts, on_x = account.facts, account.platform is Platform.X
    biography = account.biography
    return Profile(
        platform=account.platform,
        fetched_at=_NOON - timedelta(minutes=random.randrange(5000)),
        id=account.id,
        username=f"{account.handle[:7]}{random.choice('abcdefgh')}",
        display_name=account.name + random.choice(_ADDED),
        biography=None if biography is None else biography + (random.choice(_ADDED) if biography else ""),
        followers=account.count("followers"),
        following=account.count("following"),
        posts=account.count("posts"),
        likes_given=account.count("likes_given") if on_x and "likes_given" in facts else None,
        listed=account.count("listed") if on_x and "listed" in facts else None,
        has_avatar=account.flag("has_avatar"),
        has_url=account.flag("has_url"),
        private=account.private,
        created_at=account.created_at if on_x else None,
        activity=None if on_x or account.private else _activity(account),
        verified=account.flag("verified"),
    )


def _activity(account: Account) -> Activity:
    known = {name: account.facts[name] for name in ACTIVITY_FIELDS if name in account.facts}
    mean = account.facts.get("like_rate_percent", 1.0) * account.count("followers") / 100
    return Activity(posts_seen=12, likes_per_post_mean=mean, comments_per_post_mean=mean / 30, **known)
