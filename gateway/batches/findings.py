"""What a batch says as a whole: how common each class is, and how two batches differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.batches.batch import Batch
from gateway.batches.comparison import Comparison, label_counts
from gateway.batches.pinned_model import Versions
from gateway.batches.prevalence import DRAWS, LEVEL, Estimate, estimate, together
from gateway.batches.store import BatchStore
from gateway.errors import ModelUnavailableError

_ACCOUNT = (
    "Shares are corrected for the confusion of model version {version} on {rows} held-out accounts of the collections "
    "it learned from (2010 to 2020). Accounts of another kind are confused otherwise, and true shares may lie outside."
)
_PLAIN = (
    "Shares are those of the labels, not corrected: the model's version tells no confusion for every platform here."
)


class Findings:
    """Reads only."""

    def __init__(self, store: BatchStore, versions: Versions) -> None:
        self._store = store
        self._versions = versions
        self._comparison = Comparison(store)

    def prevalence(self, batch: Batch, request_id: str) -> dict[str, Any]:
        """Each class's share over all answered accounts and by platform, with intervals and what they rest on."""
        estimates = self._estimates(batch, request_id)
        whole = Estimate(
            accounts=sum(each.accounts for each in estimates.values()),
            rests_on=sum(each.rests_on for each in estimates.values()),
            shares=together(estimates),
        )
        corrected = bool(estimates) and all(each.rests_on for each in estimates.values())
        note = _ACCOUNT.format(version=batch.model_version, rows=f"{whole.rests_on:,}") if corrected else _PLAIN
        return {
            **whole.to_json(),
            "corrected": corrected,
            "platforms": {platform: each.to_json() for platform, each in estimates.items()},
            "method": f"adjusted count; {LEVEL} % interval of {DRAWS:,} draws from the posterior (Jeffreys' prior)",
            "note": note,
        }

    def comparison(self, first: Batch, second: Batch, request_id: str, *, most: int = 100) -> dict[str, Any]:
        """Both batches' shares, and the accounts of both whose label is another one."""
        return {
            "first": {"id": first.id, "name": first.title, "model_version": first.model_version},
            "second": {"id": second.id, "name": second.title, "model_version": second.model_version},
            "same_version": first.model_version == second.model_version,
            "prevalence": [self.prevalence(each, request_id) for each in (first, second)],
            **self._comparison.of(first, second, most=most),
        }

    def _estimates(self, batch: Batch, request_id: str) -> dict[str, Estimate]:
        confusions = self._confusions(batch, request_id)
        return {
            platform: estimate(labels, confusions.get(platform))
            for platform, labels in sorted(label_counts(self._store, batch).items(), reverse=True)
        }

    def _confusions(self, batch: Batch, request_id: str) -> Mapping[str, Any]:
        """Platform -> the confusion that the pinned version tells in its card; empty where it does not answer."""
        if batch.model_version is None:
            return {}
        try:
            card = self._versions.version(batch.model_version, request_id).description.card
        except ModelUnavailableError:
            return {}
        held_out = card.get("held_out_rows")
        figures = held_out if isinstance(held_out, Mapping) else {}
        return {name: group.get("confusion") for name, group in figures.items() if isinstance(group, Mapping)}
