"""Who answers: which share of the accounts goes to the canary, and whether it is compared in the shadow.

Values and pure decisions; gateway/split_model.py acts on them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from contracts.profile import Profile
from contracts.profile_ref import ProfileRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a canary must keep to; outside of it its share becomes 0. gateway/rollback_rule.py applies them."""

    max_error_rate: float = 0.02
    max_latency_ratio: float = 2.0
    min_agreement: float = 0.8
    min_requests: int = 50


@dataclass(frozen=True, slots=True)
class RolledBack:
    """That, when (UTC) and why the share of canary `version` was set to 0 without an operator."""

    at: datetime
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the operator wants, and what became of it; the same in every replica.

    `revision` rises with every change, so that a decision made on an older state never overwrites a newer one.
    `salt` makes the split another one in each installation.
    """

    canary_share: float = 0.0
    shadow: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    rolled_back: RolledBack | None = None
    revision: int = 0
    salt: str = ""


def account_key(ref: ProfileRef, profile: Profile) -> str:
    """What stays the same for an account: its platform and immutable id, or its handle where no id is known."""
    immutable = profile.id or ref.id
    return f"{ref.platform.value}:{immutable or '@' + (ref.handle or '')}"


def takes_canary(account: str, traffic: Traffic) -> bool:
    """Whether `account` belongs to the canary's share; a growing share only ever adds accounts."""
    digest = hashlib.blake2b(account.encode(), key=traffic.salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest) < traffic.canary_share * 2**64
