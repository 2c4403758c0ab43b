"""What is said of an account beside the answer. None of it enters the model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts.profile import Profile

_ORGANISATIONS = {"business": "Verified organisation", "government": "Verified government"}
_SAYS_AUTOMATED = re.compile(
    r"""\b(?:
        (?:i\ am|i['\u2019]m|this\ is|just)\ an?\ (?:\w+\ ){0,2}(?:bot|robot)\b
        | bot\ (?:by\ @|made\ by\ @|account\b) | (?:twitter|x|instagram|unofficial|automated|auto)[\ -]?bot\b
        | automated\ (?:by|account|feed|posts?|tweets?|updates?)\b | (?:posts?|tweets?)\ automatically\b
        | fully\ automated\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Badge:
    """`kind` for programs, `text` for people."""

    kind: str
    text: str


def badges_of(profile: Profile) -> tuple[Badge, ...]:
    """What the platform, or the account itself, says."""
    found = []
    if profile.verified or profile.verified_type not in {None, "", "none"}:
        kind = profile.verified_type or ""
        plain = "Verified, paid for" if kind == "blue" else f"Verified ({kind})" if kind else "Verified"
        found.append(Badge("verified", _ORGANISATIONS.get(kind, plain)))
    if profile.parody:
        found.append(Badge("parody", "Parody"))
    if declares_automation(profile):
        found.append(Badge("automated", "Says that it is automated"))
    if profile.business:
        found.append(Badge("business", "Business account"))
    if profile.category:
        found.append(Badge("category", profile.category))
    if profile.private:
        found.append(Badge("private", "Private, read from what is public"))
    if profile.created_at is not None:
        found.append(Badge("since", f"Since {profile.created_at.year}"))
    return tuple(found)


def declares_automation(profile: Profile) -> bool:
    """Whether name or biography say so; neither platform's interface tells of its own label for automation."""
    return any(_SAYS_AUTOMATED.search(text) for text in (profile.display_name, profile.biography) if text)
