"""An assessment as the result page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.columns import Columns
from contracts.model import CLASSES
from gateway.assessment import Assessment
from gateway.fact_rows import Fact, fact_rows
from gateway.feature_words import feature_text, feature_title
from gateway.wording import CLASS_WORDS, percent

STRONGEST = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled share from 0 to 1."""

    title: str
    share: float
    text: str
    top: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the two questions that come first."""

    question: str
    verdict: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution; `width` from 0 to 1, relative to the strongest."""

    title: str
    text: str
    toward: bool
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """Everything templates/result.html shows."""

    name: str
    platform: str
    link: str | None
    sentence: str
    unsure: bool
    confidence: str
    confidence_share: float
    badges: tuple[str, ...]
    answers: tuple[Answer, ...]
    bars: tuple[Bar, ...]
    prevalence: str | None
    facts: tuple[Fact, ...]
    facts_read: str
    reasons: tuple[Reason, ...]
    label_phrase: str
    fetched_at: datetime
    method: str | None
    cached: bool
    version: int
    emulated: bool


def view_of(answer: Assessment) -> ResultView:
    """Put an assessment into words."""
    name = f"@{answer.handle}" if answer.handle else f"Account {answer.ref.id}"
    words = CLASS_WORDS[answer.label]
    facts = fact_rows(answer)
    known = sum(fact.text is not None for fact in facts)
    return ResultView(
        name=name,
        platform=answer.profile.platform.title,
        # An invented account may bear the handle of a real one, so the demo links nowhere.
        link=None if answer.emulated else answer.url,
        sentence=f"looks most like {words.phrase}, but not clearly" if answer.unsure else f"looks like {words.phrase}",
        unsure=answer.unsure,
        confidence=percent(answer.confidence),
        confidence_share=answer.confidence,
        badges=_badges(answer),
        answers=_answers(answer),
        bars=tuple(
            Bar(
                CLASS_WORDS[name].title,
                answer.probabilities[name],
                percent(answer.probabilities[name]),
                name == answer.label,
                CLASS_WORDS[name].meaning,
            )
            for name in CLASSES
        ),
        prevalence=_prevalence(answer),
        facts=facts,
        facts_read=f"Read from {known} of {len(facts)} facts.",
        reasons=_reasons(answer),
        label_phrase=words.phrase,
        fetched_at=answer.profile.fetched_at,
        method=answer.method,
        cached=answer.cached,
        version=answer.version.number,
        emulated=answer.emulated,
    )


def _answers(answer: Assessment) -> tuple[Answer, ...]:
    threshold = answer.version.description.accusation_threshold
    return tuple(
        Answer(question, _verdict(share, threshold), share, percent(share))
        for question, share in (
            ("Automated or inauthentic?", answer.automated_or_inauthentic),
            ("Large audience?", answer.large_audience),
        )
    )


def _verdict(share: float, threshold: float) -> str:
    sure = max(threshold, 0.5)
    if share >= sure:
        return "Likely"
    if share <= 1 - sure:
        return "Unlikely"
    return "Rather likely" if share >= 0.5 else "Rather unlikely"


def _badges(answer: Assessment) -> tuple[str, ...]:
    """What the platform says of the account; none of it enters the model."""
    profile = answer.profile
    badges = []
    if profile.verified:
        badges.append(f"Verified ({profile.verified_type})" if profile.verified_type else "Verified")
    if profile.parody:
        badges.append("Parody")
    if profile.business:
        badges.append("Business")
    if profile.category:
        badges.append(profile.category)
    if profile.private:
        badges.append("Private, read from what is public")
    if profile.created_at is not None:
        badges.append(f"Since {profile.created_at.year}")
    return tuple(badges)


def _prevalence(answer: Assessment) -> str | None:
    rates = answer.base_rates
    if not rates:
        return None
    parts = [f"{CLASS_WORDS[name].title.lower()} {percent(rates[name])}" for name in CLASSES if name in rates]
    return f"Assumes that accounts on {answer.profile.platform.title} are {', '.join(parts)}."


def _reasons(answer: Assessment) -> tuple[Reason, ...]:
    columns = Columns.from_profiles([answer.profile])
    strongest = [each for each in answer.contributions if each.contribution != 0][:STRONGEST]
    largest = max((abs(each.contribution) for each in strongest), default=1.0)
    return tuple(
        Reason(
            title=feature_title(each.feature),
            text=feature_text(each.feature, each.value, columns),
            toward=each.contribution > 0,
            width=abs(each.contribution) / largest,
        )
        for each in strongest
    )
