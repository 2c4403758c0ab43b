"""An assessment as the result page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.columns import Columns
from contracts.model import CLASSES
from contracts.profile import MODEL_FACTS
from gateway.assessment import Assessment, Kept
from gateway.badges import Badge, badges_of
from gateway.pages.fact_rows import Fact, fact_rows
from gateway.pages.feature_words import feature_text, feature_title
from gateway.prevalence import AssumedBy
from gateway.wording import CLASS_WORDS, FACT_WORDS, ago, percent

STRONGEST = 5
LIKELY = 0.75
"""From this probability what accuses nobody is called likely."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A class with its probability and its assumed share, both from 0 to 1."""

    name: str
    title: str
    share: float
    text: str
    top: bool
    meaning: str
    assumed: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the two questions that come first."""

    question: str
    verdict: str
    share: float
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution; `width` from 0 to 1, relative to the strongest."""

    title: str
    text: str
    toward: bool
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """Everything templates/result.html shows.

    `place` names the account in addresses, by platform and handle or id; `kept` tells the id under which the answer is
    kept for whoever asked.
    """

    name: str
    platform: str
    place: tuple[str, str]
    kept: Kept | None
    link: str | None
    sentence: str
    unsure: bool
    unsure_note: str | None
    confidence: str
    confidence_share: float
    badges: tuple[Badge, ...]
    answers: tuple[Answer, ...]
    bars: tuple[Bar, ...]
    prevalence: str | None
    shares_unmet: bool
    adjusted: bool
    facts: tuple[Fact, ...]
    facts_read: str
    unknown: str | None
    reasons: tuple[Reason, ...]
    label_phrase: str
    fetched_at: datetime
    age: str
    method: str | None
    cached: bool
    version: int
    emulated: bool
    near_limit: str | None = None


def view_of(answer: Assessment, now: datetime) -> ResultView:
    """Put an assessment into words, as they are true at `now` (UTC)."""
    words = CLASS_WORDS[answer.label]
    return ResultView(
        name=f"@{answer.handle}" if answer.handle else f"Account {answer.ref.id}",
        platform=answer.profile.platform.title,
        place=(answer.profile.platform.value, _account(answer)),
        kept=answer.kept,
        # An invented account may bear the handle of a real one, so the demo links nowhere.
        link=None if answer.emulated else answer.url,
        sentence=f"looks most like {words.phrase}, but not clearly" if answer.unsure else f"looks like {words.phrase}",
        unsure=answer.unsure,
        unsure_note=_unsure_note(answer),
        confidence=percent(answer.confidence),
        confidence_share=answer.confidence,
        badges=badges_of(answer.profile),
        answers=_answers(answer),
        bars=_bars(answer),
        prevalence=_prevalence(answer),
        shares_unmet=answer.assumption.unmet,
        adjusted=answer.assumption.by is AssumedBy.REQUEST,
        facts=fact_rows(answer),
        facts_read=_facts_read(answer),
        unknown=", ".join(FACT_WORDS[name].lower() for name in answer.facts_unknown) or None,
        reasons=_reasons(answer),
        label_phrase=words.phrase,
        fetched_at=answer.profile.fetched_at,
        age=ago((now - answer.profile.fetched_at).total_seconds()),
        method=answer.method,
        cached=answer.cached,
        version=answer.version.number,
        emulated=answer.emulated,
    )


def _unsure_note(answer: Assessment) -> str | None:
    if not answer.unsure:
        return None
    needed, words = percent(answer.threshold), CLASS_WORDS[answer.label]
    return f"Unsure: to say plainly “looks like {words.phrase}” takes a probability of {needed}."


def _answers(answer: Assessment) -> tuple[Answer, ...]:
    accusation = answer.accusation_threshold
    return tuple(
        Answer(question, _verdict(share, sure), share, percent(share), note)
        for question, share, sure, note in (
            ("Automated or inauthentic?", answer.automated_or_inauthentic, accusation, "bot and fake together"),
            ("Large audience?", answer.large_audience, LIKELY, "influencer"),
        )
    )


def _verdict(share: float, sure: float) -> str:
    if share >= sure:
        return "Likely"
    if share <= 1 - sure:
        return "Unlikely"
    return "Rather likely" if share >= 0.5 else "Rather unlikely"


def _bars(answer: Assessment) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            name=name,
            title=CLASS_WORDS[name].title,
            share=answer.probabilities[name],
            text=percent(answer.probabilities[name]),
            top=name == answer.label,
            meaning=CLASS_WORDS[name].meaning,
            assumed=answer.assumption.shares.get(name),
        )
        for name in CLASSES
    )


_WHO_ASSUMES = {
    AssumedBy.REQUEST: "as you asked",
    AssumedBy.DEPLOYMENT: "as this installation is set",
    AssumedBy.MODEL: "as among those the model learned from",
}


def _prevalence(answer: Assessment) -> str | None:
    shares = answer.assumption.shares
    if not shares:
        return None
    parts = [f"{percent(shares[name])} {CLASS_WORDS[name].title.lower()}" for name in CLASSES if name in shares]
    who = _WHO_ASSUMES[answer.assumption.by]
    return f"Assumes that accounts on {answer.profile.platform.title} are {', '.join(parts)}, {who}."


def _facts_read(answer: Assessment) -> str:
    told = f"Read from {len(answer.profile.facts_known)} of {len(MODEL_FACTS[answer.profile.platform])} facts"
    if answer.view is None:
        return f"{told}; the accuracy for this view was not measured."
    return f"{told}; accuracy for this view: {percent(answer.view.accuracy)}."


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


def _account(answer: Assessment) -> str:
    """The id, which stays, else the handle, marked as such since some are numbers."""
    return answer.profile.id or answer.ref.id or f"@{(answer.handle or '').lower()}"
