"""The caller of the request in hand, for everything that is stored or shown to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol, TypeVar

from flask import g

from gateway.access.refusals import OperatorOnly


class Role(StrEnum):
    """A viewer classifies and sees its own; an operator also decides about what belongs to all."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. Everything stored carries `owner`; another owner's thing is a 404.

    `per_minute` bounds the requests, `usd_per_day` the money of a UTC day; None is no bound.
    """

    owner: str
    role: Role
    name: str
    per_minute: int | None = None
    usd_per_day: float | None = None

    @property
    def is_operator(self) -> bool:
        """Whether the caller may decide about what belongs to all."""
        return self.role is Role.OPERATOR


LOCAL = Caller("local", Role.OPERATOR, "local")
"""Everybody, where no keys are configured."""


def caller() -> Caller:
    """The caller of the request in hand; raises LookupError where none was let in."""
    found = known_caller()
    if found is None:
        raise LookupError("No caller was let in.")
    return found


def known_caller() -> Caller | None:
    """The same, None where nobody was let in: on the sign-in page, for example."""
    found: Caller | None = g.get("caller")
    return found


class _View(Protocol):
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


View = TypeVar("View", bound=_View)


def operator_only(view: View) -> View:
    """A view that refuses viewers with 403; it stands below the route's decorator."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not caller().is_operator:
            raise OperatorOnly
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]
