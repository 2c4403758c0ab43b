"""The facts that an answer rests on, each with its place among the accounts that the version learned from."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.profile import MODEL_FACTS
from gateway.assessment import Assessment
from gateway.percentiles import percentile
from gateway.wording import FACT_WORDS, count


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the profile; `text` is None where it is unknown, `place` is the share of others below it."""

    title: str
    text: str | None
    place: str | None = None


def _place(answer: Assessment, feature: str, value: float | None) -> str | None:
    description = answer.version.description
    quantiles = description.quantiles.get(answer.profile.platform.value, {}).get(feature, ())
    place = None if value is None else percentile(value, description.quantile_levels, quantiles)
    return None if place is None else f"{round(100 * place)}%"


def fact_rows(answer: Assessment) -> tuple[Fact, ...]:
    """The `MODEL_FACTS` of the account's platform, in their order."""
    profile = answer.profile
    values = {each.feature: each.value for each in answer.contributions}
    facts = []
    for name in MODEL_FACTS[profile.platform]:
        known = getattr(profile, name)
        feature = f"{name}_length" if name in {"biography", "display_name", "username"} else name
        if known is None:
            facts.append(Fact(FACT_WORDS[name], None))
            continue
        place = None if isinstance(known, bool) else _place(answer, feature, values.get(feature))
        facts.append(Fact(FACT_WORDS[name], _fact_text(name, known, profile.activity), place))
    return tuple(facts)


def _fact_text(name: str, known: object, activity: object) -> str:
    if isinstance(known, bool):
        return "yes" if known else "no"
    if isinstance(known, int):
        return count(known)
    if name == "activity":
        return f"{getattr(activity, 'posts_seen', 0)} read"
    text = str(known)
    if name == "username":
        return f"{len(text)} characters"
    return f"{len(text)} characters" if text else "empty"
