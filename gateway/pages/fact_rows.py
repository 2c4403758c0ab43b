"""The facts that an answer rests on, each with its place among the accounts that the version learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.profile import MODEL_FACTS
from gateway.assessment import Assessment
from gateway.wording import FACT_WORDS, count

_OUTERMOST = 0.01


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the profile; `text` is None where it is unknown, `place` (0 to 1) is the share of others below it."""

    title: str
    text: str | None
    place: float | None = None

    @property
    def place_text(self) -> str | None:
        """The place in whole percents; the outermost hundredth of the accounts is not known more finely."""
        if self.place is None:
            return None
        return f"{min(99, round(100 * self.place))}%" if self.place > _OUTERMOST else "<1%"


def fact_rows(answer: Assessment) -> tuple[Fact, ...]:
    """The `MODEL_FACTS` of the account's platform, in their order."""
    profile, places = answer.profile, answer.places
    facts = []
    for name in MODEL_FACTS[profile.platform]:
        known = getattr(profile, name)
        text = None if known is None else _fact_text(name, known, profile.activity)
        facts.append(Fact(FACT_WORDS[name], text, places.get(name)))
    return tuple(facts)


def _fact_text(name: str, known: object, activity: object) -> str:
    if isinstance(known, bool):
        return "yes" if known else "no"
    if isinstance(known, int):
        return count(known)
    if isinstance(known, datetime):
        return f"since {known:%B %Y}"
    if name == "activity":
        return f"{getattr(activity, 'posts_seen', 0)} read"
    text = str(known)
    if name == "username":
        return f"{len(text)} characters"
    return f"{len(text)} characters" if text else "empty"
