"""The use cases of batches, for the API and the pages alike; everything durable is in the store."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.batches.batch import Batch, Progress
from gateway.batches.creation import NewBatch, create
from gateway.batches.errors import EmptyBatchError, WrongStateError
from gateway.batches.overview import Overview
from gateway.batches.pinned_model import Versions
from gateway.batches.planning import Planner, plan_of
from gateway.batches.queue import WorkQueue
from gateway.batches.states import BatchState
from gateway.batches.store import BatchStore
from gateway.errors import FetcherUnreachableError, ModelUnavailableError, NoVersionError
from gateway.prediction import Version

_log = logging.getLogger(__name__)
_FIRST_MESSAGES = 8
"""So many chunks may begin at once when a batch does; the worker asks for the rest."""


class StableModel(Protocol):
    """What is needed of the model that answers people."""

    def version(self, request_id: str, *, fresh: bool = False) -> Version:
        """The stable version; raises ModelUnavailableError."""


class Batches:
    """Safe to share between threads. Everything takes or gives batches of one owner."""

    def __init__(
        self,
        store: BatchStore,
        queue: WorkQueue,
        fetcher: Planner,
        model: StableModel,
        versions: Versions,
        *,
        emulated: bool,
    ) -> None:
        self.store = store
        self._queue = queue
        self._fetcher = fetcher
        self._model = model
        self._versions = versions
        self._emulated = emulated
        self._overview = Overview(store)

    def create(self, new: NewBatch, request_id: str) -> tuple[Batch, bool]:
        """The batch with its plan, and whether it is new. Raises EmptyBatchError, KeyReusedError or WrongStateError.

        A fetcher that is away leaves the batch without a plan, which `plan` makes later.
        """
        if not new.accounts.rows:
            raise EmptyBatchError(_empty(new))
        batch, is_new = create(self.store, replace(new, emulated=self._emulated))
        if is_new or batch.plan is None:
            try:
                batch = self.plan(batch, request_id)
            except FetcherUnreachableError as error:
                _log.warning("A batch could not be planned.", extra={"fields": {"error": str(error)}})
        return batch, is_new

    def plan(self, batch: Batch, request_id: str) -> Batch:
        """What is left of it, planned afresh; raises FetcherUnreachableError."""
        refs = self.store.open_refs(batch)
        return self.store.keep_plan(batch, plan_of(self._fetcher, refs, self._wants(), request_id))

    def confirm(self, batch: Batch, number: int | None, request_id: str, *, usd_left: float | None = None) -> Batch:
        """Begin, on version `number` or the stable one. `usd_left` is what its owner may still spend today.

        Raises WrongStateError or ModelUnavailableError.
        """
        usd = (batch.plan or {}).get("usd", 0.0)
        if usd_left is not None and usd > usd_left:
            raise WrongStateError(
                f"This batch is planned to cost ${usd:.2f}; your key may spend ${usd_left:.2f} until midnight UTC."
            )
        confirmed = self.store.confirm(batch, self._pinned(number, request_id))
        self._queue.send(_FIRST_MESSAGES)
        return confirmed

    def pause(self, batch: Batch) -> Batch:
        """Raises WrongStateError."""
        return self.store.pause(batch)

    def resume(self, batch: Batch, number: int | None, request_id: str, *, usd_left: float | None = None) -> Batch:
        """Go on, on version `number` where one is named. `usd_left` is what its owner may still spend today.

        Raises WrongStateError or ModelUnavailableError.
        """
        if batch.state is BatchState.PAUSED and usd_left is not None and usd_left <= 0:
            raise WrongStateError("Your key has spent its dollars of today; go on after midnight UTC.")
        version = None if number is None else self._pinned(number, request_id)
        resumed = self.store.resume(batch, version)
        self._queue.send(_FIRST_MESSAGES)
        return resumed

    def cancel(self, batch: Batch) -> Batch:
        """Raises WrongStateError."""
        return self.store.cancel(batch)

    def retry(self, batch: Batch) -> Batch:
        """Ask once more for what failed for no reason of the account. Raises WrongStateError."""
        again = self.store.retry(batch)
        self._queue.send(_FIRST_MESSAGES)
        return again

    def progress(self, batch: Batch) -> Progress:
        """How far it has come."""
        return self._overview.progress(batch)

    def stable_version(self, request_id: str) -> int | None:
        """The version that a batch confirmed now would be pinned to, None where no version answers."""
        try:
            return self._model.version(request_id).number
        except ModelUnavailableError:
            return None

    def _pinned(self, number: int | None, request_id: str) -> int:
        if number is None:
            return self._model.version(request_id, fresh=True).number
        try:
            return self._versions.version(number, request_id).number
        except NoVersionError as error:
            raise WrongStateError(f"Version {number} of the model is not loaded; name one that is.") from error

    def _wants(self) -> Mapping[str, Sequence[str]]:
        try:
            return self._model.version("plan").description.wants
        except ModelUnavailableError:
            return {}


def _empty(new: NewBatch) -> str:
    if not new.accounts.refused:
        return "The list is empty; give at least one profile address, handle or id."
    first = new.accounts.refused[0]
    return f"No line names an account. Line {first.line}: {first.detail}"
