"""The fetcher's API: `POST /profiles` in, one typed outcome per account out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from contracts.json_fields import (
    InvalidField,
    read_count,
    read_flag,
    read_list,
    read_number,
    read_object,
    read_text,
    read_time,
    write_time,
)
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import InvalidReference, ProfileRef

MAX_ACCOUNTS = 1000
MAX_DEADLINE_S = 60.0
REQUEST_ID_HEADER = "X-Request-ID"
"""Carried over every hop and into every log line."""


class Outcome(StrEnum):
    """What became of one account."""

    OK = "ok"
    NOT_FOUND = "not-found"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    """The platform refused us (checkpoint, challenge, feedback); says nothing of the account."""
    LOGIN_REQUIRED = "login-required"
    RATE_LIMITED = "rate-limited"
    BUDGET_SPENT = "budget-spent"
    NOT_IN_PLAN = "not-in-plan"
    UPSTREAM_ERROR = "upstream-error"


class Priority(StrEnum):
    """Who waits for the answer; a person goes first."""

    PERSON = "person"
    BATCH = "batch"


ACTIVITY = "activity"
"""The optional part of a profile that may cost further requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """`accounts` are looked up within `deadline_s` seconds; later answers are refused with the time to come back."""

    accounts: tuple[ProfileRef, ...]
    priority: Priority = Priority.PERSON
    deadline_s: float = 10.0
    include: frozenset[str] = frozenset()
    ticket: str | None = None
    """The ticket of an earlier answer: whoever returns with it at its time is served first."""
    client: str | None = None
    """Names the batch, so that several of them take turns; never shown to a platform."""
    cached_only: bool = False
    """Nothing is asked of a platform; what the cache does not hold is answered with budget-spent."""

    @classmethod
    def from_json(cls, value: Any) -> FetchRequest:
        """Read `to_json`'s form; raises InvalidField."""
        record = read_object(value, "request", _REQUEST_FIELDS)
        accounts = read_list(record.get("accounts"), "accounts", MAX_ACCOUNTS)
        include = frozenset(
            read_text(part, "include", 32) for part in read_list(record.get("include", []), "include", 8)
        )
        if not include <= {ACTIVITY}:
            raise InvalidField("include", f"a list that holds at most {ACTIVITY!r}")
        ticket = record.get("ticket")
        return cls(
            accounts=tuple(read_ref(account, f"accounts[{index}]") for index, account in enumerate(accounts)),
            priority=_read_member(Priority, record.get("priority", Priority.PERSON), "priority"),
            deadline_s=read_number(record.get("deadline_s", 10.0), "deadline_s", 0.0, MAX_DEADLINE_S),
            include=include,
            ticket=None if ticket is None else read_text(ticket, "ticket", 256),
            client=_optional_text(record.get("client"), "client"),
            cached_only=read_flag(record.get("cached_only", False), "cached_only"),
        )

    def to_json(self) -> dict[str, Any]:
        """The body of `POST /profiles`."""
        return {
            "accounts": [account.to_json() for account in self.accounts],
            "priority": self.priority.value,
            "deadline_s": self.deadline_s,
            "include": sorted(self.include),
            "ticket": self.ticket,
            "client": self.client,
            # Left out where it says nothing, for fetchers that are older than it.
            **({"cached_only": True} if self.cached_only else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountResult:
    """The outcome for one account of the request, in the request's order.

    `profile` only with ok. `retry_at` (UTC) and perhaps `ticket` and its
    `position` (earlier tickets of its priority) with rate-limited and budget-spent. `detail` is one
    sentence for a person. `method` names the upstream method that answered, `cached` whether it answered earlier.
    """

    ref: ProfileRef
    outcome: Outcome
    detail: str = ""
    profile: Profile | None = None
    method: str | None = None
    cached: bool = False
    emulated: bool = False
    retry_at: datetime | None = None
    ticket: str | None = None
    position: int | None = None
    cost_usd: float = 0.0
    """What the platform charges for this answer; 0 where it was cached or nothing is charged."""

    @classmethod
    def from_json(cls, value: Any) -> AccountResult:
        """Read `to_json`'s form; raises InvalidField."""
        record = read_object(value, "result", _RESULT_FIELDS)
        outcome = _read_member(Outcome, record.get("outcome"), "outcome")
        profile, retry_at = record.get("profile"), record.get("retry_at")
        if (outcome is Outcome.OK) != (profile is not None):
            raise InvalidField("profile", "a profile exactly when the outcome is ok")
        return cls(
            ref=read_ref(record.get("ref"), "ref"),
            outcome=outcome,
            detail=read_text(record.get("detail", ""), "detail", 1000),
            profile=None if profile is None else Profile.from_json(profile),
            method=_optional_text(record.get("method"), "method"),
            cached=read_flag(record.get("cached", False), "cached"),
            emulated=read_flag(record.get("emulated", False), "emulated"),
            retry_at=None if retry_at is None else read_time(retry_at, "retry_at"),
            ticket=_optional_text(record.get("ticket"), "ticket"),
            position=None if record.get("position") is None else read_count(record["position"], "position"),
            cost_usd=read_number(record.get("cost_usd", 0.0), "cost_usd", 0.0, 1000.0),
        )

    def to_json(self) -> dict[str, Any]:
        """One element of `results` in the answer of `POST /profiles`."""
        return {
            "ref": self.ref.to_json(),
            "outcome": self.outcome.value,
            "detail": self.detail,
            "profile": None if self.profile is None else self.profile.to_json(),
            "method": self.method,
            "cached": self.cached,
            "emulated": self.emulated,
            "retry_at": None if self.retry_at is None else write_time(self.retry_at),
            "ticket": self.ticket,
            "position": self.position,
            "cost_usd": self.cost_usd,
        }


def read_ref(value: Any, name: str) -> ProfileRef:
    """`ProfileRef.to_json`'s form, strictly; raises InvalidField."""
    record = read_object(value, name, _REF_FIELDS)
    platform = _read_member(Platform, record.get("platform"), f"{name}.platform")
    handle, account_id = (_optional_text(record.get(part), f"{name}.{part}") for part in ("handle", "id"))
    try:
        return ProfileRef(platform, handle=handle, id=account_id)
    except InvalidReference as error:
        raise InvalidField(name, f"a handle (lower case) or an id: {error}") from None


def _optional_text(value: Any, name: str) -> str | None:
    return None if value is None else read_text(value, name, 256)


Member = TypeVar("Member", bound=StrEnum)


def _read_member(kind: type[Member], value: Any, name: str) -> Member:
    try:
        return kind(value)
    except ValueError:
        raise InvalidField(name, f"one of {', '.join(kind)}") from None


_REQUEST_FIELDS = frozenset(each.name for each in fields(FetchRequest))
_RESULT_FIELDS = frozenset(each.name for each in fields(AccountResult))
_REF_FIELDS = frozenset(each.name for each in fields(ProfileRef))
"""Made once: these are read for every account."""
