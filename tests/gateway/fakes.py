"""The gateway's collaborators as short classes: a fetcher, a model and the demo's samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from contracts.columns import Columns
from contracts.features import FEATURE_NAMES, SCHEMA_VERSION, F, raw_values, scale_rows
from contracts.fetch_api import AccountResult, FetchRequest, Outcome
from contracts.json_fields import write_time
from contracts.model import CLASSES, Description
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from gateway.assessment import Assessment, assess
from gateway.errors import ModelUnavailableError
from gateway.fetcher_client import Place
from gateway.pages.demo_accounts import DemoAccount
from gateway.prediction import Prediction, Version
from gateway.prevalence import Prevalence, Shares
from gateway.traffic import Traffic

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

LIMITS = {
    "emulated": True,
    "platforms": [
        {
            "platform": "x",
            "credential": "5f0c2a91",
            "windows": [
                {
                    "name": "users/by",
                    "methods": ["users_by_username"],
                    "seconds": 900,
                    "limit": 300,
                    "used": 12,
                    "remaining": 288,
                    "reset_at": "2026-01-31T12:15:00Z",
                }
            ],
            "penalties": [{"scope": "users/by", "reason": "rate-limited", "until": "2026-01-31T12:01:00Z"}],
            "budget": [{"period": "2026-01-31", "limit_usd": 5.0, "spent_usd": 1.25, "left_usd": 3.75}],
            "prices": {"users_by_username": 0.01},
            "methods": [{"method": "users_by_username", "breaker": "open"}],
        }
    ],
}

DESCRIPTION = Description(
    schema_version=SCHEMA_VERSION,
    feature_names=FEATURE_NAMES,
    classes=CLASSES,
    accusation_thresholds={"x": 0.7, "instagram": 0.7},
    quantile_levels=(0.01, 0.5, 0.99),
    quantiles={"x": {"followers": [0.0, 2.0, 6.0]}},  # type: ignore[dict-item]  # As JSON gives them.
    base_rates={"x": {"regular": 0.7, "bot": 0.1, "influencer": 0.05, "fake": 0.15}},
    wants={"instagram": ("activity",)},
    card={"intended_use": "Invented for tests."},
)


def profile_of(ref: ProfileRef, **known: Any) -> Profile:
    """An invented profile of `ref`, from which tests may take away or add."""
    facts: dict[str, Any] = {
        "id": "4211",
        "username": ref.handle or "invented_name",
        "display_name": "Invented Name",
        "biography": "Maple trees and bicycles.",
        "followers": 311,
        "following": 208,
        "posts": 1207,
        "likes_given": 954 if ref.platform is Platform.X else None,
        "listed": 4 if ref.platform is Platform.X else None,
        "has_avatar": True,
        "has_url": False,
    }
    return Profile(platform=ref.platform, fetched_at=NOW - timedelta(minutes=3), **(facts | known))


def found(ref: ProfileRef, **known: Any) -> AccountResult:
    """An ok result with `profile_of`."""
    profile = profile_of(ref, **known)
    return AccountResult(ref=ref, outcome=Outcome.OK, profile=profile, method="users/by", emulated=True)


@dataclass
class FakeFetcher:
    """Answers each account by `answer` and remembers what it was asked; raises `trouble` if there is any."""

    answer: Callable[[ProfileRef], AccountResult] = found
    trouble: Exception | None = None
    asked: list[FetchRequest] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=lambda: dict(LIMITS))
    forgotten: list[ProfileRef] = field(default_factory=list)
    cached: set[ProfileRef] = field(default_factory=set)
    limits_trouble: Exception | None = None

    def profiles(self, request: FetchRequest, request_id: str) -> list[AccountResult]:
        self.asked.append(request)
        if self.trouble:
            raise self.trouble
        if request.cached_only:
            return [
                replace(self.answer(ref), cached=True, cost_usd=0.0)
                if ref in self.cached
                else AccountResult(ref=ref, outcome=Outcome.BUDGET_SPENT)
                for ref in request.accounts
            ]
        return [self.answer(ref) for ref in request.accounts]

    def plan(
        self, refs: Sequence[ProfileRef], include: Sequence[str], request_id: str, timeout_s: float
    ) -> dict[str, Any]:
        """A request for every hundred accounts of X, one for every account of Instagram; a minute each."""
        if self.trouble:
            raise self.trouble
        self.planned.append(len(refs))
        platforms = []
        for platform in Platform:
            count = sum(ref.platform is platform for ref in refs)
            requests = -(-count // 100) if platform is Platform.X else count
            finish = write_time(NOW + timedelta(minutes=requests)) if requests else None
            part = {
                "platform": platform.value,
                "accounts": count,
                "cached": 0,
                "requests": requests,
                "usd": 0.01 * count,
            }
            platforms.append({**part, "finish_at": finish})
        return {"platforms": platforms}

    def place(self, ticket: str, request_id: str) -> Place:
        if self.trouble:
            raise self.trouble
        return self.places.get(ticket, Place())

    def limits(self, request_id: str) -> dict[str, Any]:
        if trouble := self.trouble or self.limits_trouble:
            raise trouble
        return dict(self.report)

    def forget(self, refs: Sequence[ProfileRef], request_id: str) -> int:
        if self.trouble:
            raise self.trouble
        self.forgotten += refs
        return len(refs)


@dataclass
class FakeModel:
    """Gives every account the same probabilities; `followers` speaks for the label, `posts` against it."""

    probabilities: tuple[float, float, float, float] = (0.86, 0.07, 0.02, 0.05)
    description: Description = DESCRIPTION
    available: bool = True
    failing: bool = False
    number: int = 7
    canary: FakeModel | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def absence(self) -> str | None:
        return None if self.available else "The model server has no version ready under the label canary."

    def another(self, label: str) -> FakeModel:
        return self.canary or FakeModel(available=False)

    def find(self, request_id: str, *, fresh: bool = False) -> Version | None:
        return self.version(request_id) if self.available else None

    def predict(self, features: np.ndarray, request_id: str) -> tuple[Version, np.ndarray]:
        prediction = self.explain(features, request_id)
        return prediction.version, prediction.probabilities

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        if not self.available:
            raise ModelUnavailableError("The model server cannot be reached.")
        return Version(self.number, self.description)

    def explain(self, features: np.ndarray, request_id: str) -> Prediction:
        self.asked.append(request_id)
        if self.failing:
            raise ModelUnavailableError("The model server refused the request.")
        rows = len(features)
        contributions = np.zeros((rows, F, len(CLASSES)), np.float32)
        contributions[:, FEATURE_NAMES.index("followers")] = 0.5
        contributions[:, FEATURE_NAMES.index("followers_known")] = 0.25
        contributions[:, FEATURE_NAMES.index("posts")] = -0.375
        return Prediction(
            version=self.version(request_id),
            probabilities=np.tile(np.float32(self.probabilities), (rows, 1)),
            confidence=np.full(rows, 0.9, np.float32),
            contributions=contributions,
        )


@dataclass
class FakeDemo:
    """Two samples on each platform."""

    def accounts(self) -> list[DemoAccount]:
        return [
            DemoAccount(ProfileRef(platform, handle=handle), intended, note)
            for platform in Platform
            for handle, intended, note in (("reg_maple", "regular", ""), ("who_missing", "", "does not exist"))
        ]


REF = ProfileRef(Platform.X, handle="reg_maple")


def assessment(
    model: FakeModel | None = None, ref: ProfileRef = REF, shares: Shares | None = None, **known: Any
) -> Assessment:
    """What `model` says of `profile_of(ref, **known)`, where `shares` are assumed if there are any."""
    result = found(ref, **known)
    assert result.profile is not None
    values = np.array(list(raw_values(Columns.from_profiles([result.profile])).values()))
    prediction = (model or FakeModel()).explain(scale_rows(values.copy()), "id-1")
    assumption = Prevalence().assumed(ref.platform.value, prediction.version.description, shares)
    return assess(result, result.profile, values[:, 0], prediction, assumption)


@dataclass
class MemoryTrafficStore:
    """Keeps the traffic of one process; raises `trouble` if there is any."""

    traffic: Traffic = field(default_factory=lambda: Traffic(salt="salt"))
    trouble: Exception | None = None
    reads: int = 0

    def read(self) -> Traffic:
        self.reads += 1
        if self.trouble:
            raise self.trouble
        return self.traffic

    def write(self, traffic: Traffic) -> bool:
        if self.trouble:
            raise self.trouble
        if traffic.revision != self.traffic.revision:
            return False
        self.traffic = replace(traffic, revision=traffic.revision + 1)
        return True


def nothing(url: str) -> bytes | None:
    """No other process shows metrics."""
    return None


class Clock:
    """Time that passes only when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
