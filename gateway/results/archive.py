"""What a caller may do with stored results; the API and the pages only translate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from contracts.profile_ref import ProfileRef
from gateway.access.caller import Caller
from gateway.access.refusals import OperatorOnly
from gateway.errors import FetcherUnreachableError
from gateway.results.corrections import Correction, Corrections, CorrectionState
from gateway.results.erasure import Erased, Erasure
from gateway.results.store import ResultStore
from gateway.results.stored import StoredResult


class Pending(Protocol):
    """Answers that are on their way into the database."""

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Wait until they are there."""


class Archive:
    """Everything raises DatabaseUnavailableError; `now` gives the time in UTC."""

    def __init__(
        self,
        store: ResultStore,
        corrections: Corrections,
        erasure: Erasure,
        pending: Pending | None,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._corrections = corrections
        self._erasure = erasure
        self._pending = pending
        self._now = now

    def history(self, who: Caller, ref: ProfileRef) -> list[StoredResult]:
        """What `who` was answered about an account, newest first."""
        self._settle()
        return self._store.of_account(who.owner, ref, self._now().timestamp())

    def latest(self, who: Caller) -> list[StoredResult]:
        """What `who` was answered lately, newest first."""
        self._settle()
        return self._store.latest(who.owner, self._now().timestamp())

    def result(self, who: Caller, result_id: str) -> StoredResult | None:
        """One of the caller's results."""
        self._settle()
        return self._store.get(who.owner, result_id, self._now().timestamp())

    def correct(self, who: Caller, result_id: str, label: str, comment: str) -> Correction:
        """Say that `label` would have been right. Raises NoSuchResult or AlreadyDecided."""
        self._settle()
        return self._corrections.make(who.owner, result_id, label, comment)

    def corrections(self, who: Caller, state: CorrectionState | None) -> Sequence[Correction]:
        """The caller's own; everybody's for an operator, who decides about them."""
        return self._corrections.listed(owner=None if who.is_operator else who.owner, state=state)

    def decide(self, who: Caller, correction_id: str, state: CorrectionState) -> Correction | None:
        """Approve or reject, None where there is no such correction. Raises OperatorOnly."""
        if not who.is_operator:
            raise OperatorOnly
        return self._corrections.decide(correction_id, state, who.name)

    def approved(self, who: Caller) -> Iterator[str]:
        """The lines that training reads. Raises OperatorOnly."""
        if not who.is_operator:
            raise OperatorOnly
        return self._corrections.export()

    def delete(self, who: Caller, ref: ProfileRef, request_id: str, *, everyone: bool | None = None) -> Erased:
        """Delete an account: the caller's things, or everybody's, which is what an operator does unless told else.

        Raises OperatorOnly, or FetcherUnreachableError after everything but the fetcher's cache was deleted.
        """
        everyone = who.is_operator if everyone is None else everyone
        if everyone and not who.is_operator:
            raise OperatorOnly
        self._settle()
        erased = self._erasure.erase([ref], None if everyone else who.owner, request_id)
        if erased.fetcher is False:
            raise FetcherUnreachableError(
                "The account was deleted here, but the fetcher, which may hold it in its cache, cannot be reached; "
                "delete it again in a moment."
            )
        return erased

    def _settle(self) -> None:
        """Whoever asks right after an answer finds it."""
        if self._pending is not None:
            self._pending.flush()
