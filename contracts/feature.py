"""One feature and the usual ways to make one: logarithms of counts and amounts, ratios, shares, measures of texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from contracts.characters import Characters
from contracts.columns import AGE_COLUMN, Numbers
from contracts.facts import Facts

Formula = Callable[[Facts], Numbers]
TextName = Literal["username", "display_name", "biography"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: `compute` gives raw values, NaN = unknown; the tensor holds (raw - center) / scale, clipped.

    `formula` says how the raw value is made, `source` which columns it needs.
    """

    name: str
    unit: str
    formula: str
    source: tuple[str, ...]
    center: float
    scale: float
    compute: Formula


def from_zero(  # noqa: PLR0917 - features are written as the rows of a table.
    name: str, unit: str, formula: str, source: tuple[str, ...], top: float, compute: Formula
) -> Feature:
    """A number from 0 to `top`."""
    return Feature(name, unit, formula, source, top / 2, top / 2, compute)


def log_count(name: str, top: float) -> Feature:
    """log10(1 + count), so that 0 is -1 and 10^top is 1."""
    formula = f"log10(1 + {name}), counts from 1,000 rounded to two significant digits"
    return from_zero(name, "log10(1 + count)", formula, (name,), top, lambda facts: facts.log_count(name))


def no_count(name: str, count: str) -> Feature:
    """Whether a count is 0, which is another thing than a small one."""
    return from_zero(
        name, "flag", f"1 if {count} = 0", (count,), 1, lambda facts: where(facts.count(count) == 0, facts, count)
    )


def where(flags: Numbers, facts: Facts, column: str) -> Numbers:
    """`flags` as numbers where `column`, a finite number, is known."""
    return flags + 0 * facts.number(column)


def log_ratio(name: str, over: str, under: str) -> Feature:
    """log10 of a ratio of two counts, each plus one."""
    return Feature(
        name=name,
        unit="log10 ratio",
        formula=f"log10((1 + {over}) / (1 + {under})), counts rounded as above",
        source=(over, under),
        center=0,
        scale=6,
        compute=lambda facts: facts.log_count(over) - facts.log_count(under),
    )


def per_day(name: str) -> Feature:
    """log10 of how fast a count grew over the account's life, both plus one."""
    return Feature(
        name=f"{name}_per_day",
        unit="log10 of a daily count",
        formula=f"log10((1 + {name}) / (1 + account_age_days)), the count rounded and the age known as above",
        source=(name, AGE_COLUMN),
        center=0,
        scale=6,
        compute=lambda facts: facts.log_count(name) - facts.log_age,
    )


def flag(name: str) -> Feature:
    """A flag that is given as 0 or 1."""
    return from_zero(name, "flag", name, (name,), 1, lambda facts: facts.number(name))


def share(name: str) -> Feature:
    """A share to two decimals.

    One collection was published with two or three decimals and the others with ten: more would name the collection.
    """
    formula = f"{name}, rounded to two decimals"
    return from_zero(name, "share, 0 to 1", formula, (name,), 1, lambda facts: facts.share(name))


def log_amount(name: str, unit: str, top: float) -> Feature:
    """ln(1 + amount) from 0 to `top`, in steps of 0.02 for the reason given in `share`."""
    return from_zero(
        name,
        f"ln(1 + {unit})",
        f"ln(1 + {name}), rounded to steps of 0.02",
        (name,),
        top,
        lambda facts: facts.log_amount(name),
    )


def of_text(  # noqa: PLR0917 - as above.
    text: TextName, name: str, unit: str, formula: str, top: float, measure: Callable[[Characters], Numbers]
) -> Feature:
    """A measure of a text's characters, from 0 to `top`; unknown where the text is."""

    def compute(facts: Facts) -> Numbers:
        characters: Characters = getattr(facts, text)
        measured = measure(characters)
        return measured if characters.complete else measured + characters.unknown

    return from_zero(f"{text}_{name}", unit, formula, (text,), top, compute)
