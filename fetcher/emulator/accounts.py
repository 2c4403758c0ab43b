"""An emulated account: what both platforms' answers are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.platforms import Platform
from fetcher.emulator.dice import dice
from fetcher.emulator.identity import Identities
from fetcher.emulator.population import Population, class_of, state_of
from fetcher.emulator.posts import EmulatedPost, newest_posts
from fetcher.emulator.texts import biography, name

_LONGEST_BIOGRAPHY = {Platform.X: 160, Platform.INSTAGRAM: 150}
_FIRST_DAY_OF_X = datetime(2006, 3, 21, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One invented account. `facts` are its drawn fields, `state` what became of it (None = ordinary)."""

    platform: Platform
    handle: str
    id: str
    label: str
    state: str | None
    name: str
    biography: str | None
    created_at: datetime
    facts: Mapping[str, float]

    def count(self, field: str) -> int:
        """A count, as a whole number."""
        return max(0, round(self.facts[field]))

    def flag(self, field: str) -> bool:
        """A flag."""
        return self.facts.get(field, 0.0) >= 0.5

    @property
    def private(self) -> bool:
        """Whether its posts are hidden."""
        return self.state == "private" or self.flag("private")

    def posts(self, now: datetime) -> list[EmulatedPost] | None:
        """Its newest posts; None where the platform does not show them."""
        if self.private or "like_rate_percent" not in self.facts:
            return None
        return newest_posts(dice("posts", self.platform.value, self.handle), self.facts, now)


class Accounts:
    """All accounts of both platforms, each made when it is asked for."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._identities = Identities()

    def by_handle(self, platform: Platform, handle: str) -> Account:
        """The account of a valid handle, in any case."""
        handle = handle.lower()
        label = class_of(platform, handle)
        facts = self._population.facts(platform, handle, label)
        random = dice("texts", platform.value, handle)
        length = min(_LONGEST_BIOGRAPHY[platform], round(facts.get("biography_length", 0)))
        age = timedelta(days=max(1.0, facts.get("age_days", 1000.0)))
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return Account(
            platform=platform,
            handle=handle,
            id=self._identities.id_of(platform, handle),
            label=label,
            state=state_of(handle),
            name=name(random, handle, facts),
            biography=biography(random, length, facts) if "biography_length" in facts else None,
            created_at=max(midnight - age, _FIRST_DAY_OF_X).replace(microsecond=0),
            facts=facts,
        )

    def by_id(self, platform: Platform, account_id: str) -> Account | None:
        """The account behind an id, if there is one."""
        handle = self._identities.handle_of(platform, account_id)
        return None if handle is None else self.by_handle(platform, handle)
