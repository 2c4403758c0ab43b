"""What a form or an address asks."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from contracts.model import CLASSES
from contracts.platforms import Platform
from gateway.classify import Question
from gateway.prevalence import LEAST_SHARE, Shares

SHARE_FIELDS = {name: f"share_{name}" for name in CLASSES}
"""Class -> the form's field that holds its assumed share, in percent."""


def question_of(fields: Mapping[str, str]) -> Question | None:
    """The question of a form or an address; None when it names no profile."""
    profile, platform = fields.get("profile"), fields.get("platform")
    if profile is None:
        return None
    return Question(
        profile=profile,
        platform=Platform(platform) if platform in list(Platform) else None,
        ticket=(fields.get("ticket") or "")[:256] or None,
        prevalence=_shares_of(fields),
    )


def fields_of(question: Question) -> dict[str, str]:
    """The fields that ask `question` again, but for its ticket."""
    fields = {"profile": question.profile}
    if question.platform:
        fields["platform"] = question.platform.value
    for name, share in (question.prevalence or {}).items():
        fields[SHARE_FIELDS[name]] = f"{100 * share:.6g}"
    return fields


def _shares_of(fields: Mapping[str, str]) -> Shares | None:
    """The four percentages brought to the sum of 1, each at least the least share; None where they are not all there.

    People who try out shares are not asked to make them add up to 100; the result says what was assumed.
    """
    try:
        given = [float(fields[field]) / 100 for field in SHARE_FIELDS.values()]
    except (KeyError, ValueError):
        return None
    if not all(isfinite(share) and 0 <= share <= 1 for share in given) or not sum(given):
        return None
    raised = [max(LEAST_SHARE, share / sum(given)) for share in given]
    return {name: share / sum(raised) for name, share in zip(CLASSES, raised, strict=True)}
