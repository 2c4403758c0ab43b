"""A batch in few words, and a model whose versions a test takes away."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from contracts.platforms import Platform
from gateway.batches.accounts import Accounts, read_accounts
from gateway.batches.batch import Batch
from gateway.batches.creation import NewBatch, create
from gateway.batches.given import of_values
from gateway.batches.store import BatchStore
from gateway.errors import ModelUnavailableError, NoVersionError
from gateway.prediction import Prediction, Version
from tests.gateway.fakes import FakeModel


def accounts(*names: str) -> Accounts:
    """Of X, unless a name is an address."""
    return read_accounts(of_values(names), Platform.X)


def handles(count: int, prefix: str = "reg") -> list[str]:
    return [f"@{prefix}_{number}" for number in range(1, count + 1)]


def running(store: BatchStore, *names: str, owner: str = "local", version: int = 7, explain: bool = False) -> Batch:
    """A batch that was confirmed."""
    batch, _ = create(store, NewBatch(owner=owner, accounts=accounts(*names), explain=explain))
    return store.confirm(batch, version)


@dataclass
class FakeVersions:
    """Versions of the one invented model, by number."""

    model: FakeModel = field(default_factory=FakeModel)
    numbers: set[int] = field(default_factory=lambda: {7})
    away: bool = False
    rows: list[int] = field(default_factory=list)

    def version(self, number: int, request_id: str) -> Version:
        if self.away:
            raise ModelUnavailableError("The model server cannot be reached.")
        if number not in self.numbers:
            raise NoVersionError(f"Version {number} of the model is not loaded.")
        return Version(number, self.model.description)

    def score(self, version: Version, features: np.ndarray, request_id: str, *, explain: bool) -> Prediction:
        self.version(version.number, request_id)
        self.rows.append(len(features))
        found = self.model.explain(features, request_id)
        return Prediction(version, found.probabilities, found.confidence, found.contributions)
