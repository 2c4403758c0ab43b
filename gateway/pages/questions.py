"""What a form or an address asks."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.model import CLASSES
from contracts.platforms import Platform
from gateway.classify import Question
from gateway.prevalence import LEAST_SHARE, InvalidPrevalence, Shares

SHARE_FIELDS = {name: f"share_{name}" for name in CLASSES}
"""Class -> the form's field that holds its assumed share, in percent."""


def question_of(fields: Mapping[str, str]) -> Question | None:
    """The question of a form or an address, without its shares; None when it names no profile."""
    profile, platform = fields.get("profile"), fields.get("platform")
    if profile is None:
        return None
    return Question(
        profile=profile,
        platform=Platform(platform) if platform in list(Platform) else None,
        ticket=(fields.get("ticket") or "")[:256] or None,
    )


def fields_of(question: Question) -> dict[str, str]:
    """The fields that ask `question` again, but for its ticket."""
    fields = {"profile": question.profile}
    if question.platform:
        fields["platform"] = question.platform.value
    for name, share in (question.prevalence or {}).items():
        fields[SHARE_FIELDS[name]] = f"{100 * share:.6g}"
    return fields


def shares_of(fields: Mapping[str, str]) -> Shares | None:
    """The four percentages brought to the sum of 1, each at least the least share; None where none is named.

    People who try out shares are not asked to make them add up to 100; the result says what was assumed. Raises
    InvalidPrevalence where they cannot be read: other shares in their place would be taken for the ones asked for.
    """
    if not any(field in fields for field in SHARE_FIELDS.values()):
        return None
    given = [_percentage(fields.get(field, "")) for field in SHARE_FIELDS.values()]
    if not sum(given):
        raise InvalidPrevalence(f"At least one of the shares must be more than 0. {_USUAL}")
    raised = [max(LEAST_SHARE, share / sum(given)) for share in given]
    return {name: share / sum(raised) for name, share in zip(CLASSES, raised, strict=True)}


_USUAL = "Press Look to assume the usual shares."


def _percentage(text: str) -> float:
    try:
        share = float(text) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidPrevalence(f"Each of the four assumed shares must be a number from 0 to 100, in percent. {_USUAL}")
    return share
