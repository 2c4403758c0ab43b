"""The use case: what a person pasted -> a profile -> numbers -> an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from contracts.columns import Columns
from contracts.features import raw_values, scale_rows
from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.access.caller import LOCAL, Caller
from gateway.access.spending import Spending
from gateway.assessment import Assessment, assess
from gateway.errors import AllowanceSpentError, FetcherUnreachableError, NotClassifiedError
from gateway.fetcher_client import Fetcher
from gateway.metrics import Asked, Metrics
from gateway.prevalence import Prevalence, Shares
from gateway.request_notes import note_account
from gateway.results.recorder import NoRecorder, Recorder
from gateway.split_model import SplitModel
from gateway.traffic import account_key

HURRIED_S = 3.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `platform` says what a bare handle or id belongs to; `ticket` keeps an earlier place.

    `prevalence` is assumed in place of what the deployment or the model assumes.
    """

    profile: str
    platform: Platform | None = None
    ticket: str | None = None
    prevalence: Shares | None = None


class Classifier:
    """Answers one question at a time; safe to share between threads.

    `deadline_s` bounds the wait for a profile. While more than `patient_at_most` questions wait, others are told a time
    to come back after `HURRIED_S`, so that people who wait never hold every thread.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        model: SplitModel,
        metrics: Metrics,
        *,
        deadline_s: float = 10.0,
        patient_at_most: int = 12,
        prevalence: Prevalence | None = None,
        who: Callable[[], Caller] = lambda: LOCAL,
        spending: Spending | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._model = model
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._patient_at_most = patient_at_most
        self._lock = threading.Lock()
        self._waiting = 0
        self._prevalence = prevalence or Prevalence()
        self._who = who
        self._spending = spending
        self._recorder = recorder or NoRecorder()

    def classify(self, question: Question, request_id: str) -> Assessment:
        """Read, fetch and assess, and have the answer kept for the caller, at whose cost it is.

        Raises InvalidReference, InvalidPrevalence, AllowanceSpentError, DatabaseUnavailableError, NotClassifiedError,
        FetcherUnreachableError or ModelUnavailableError.
        """
        ref = ProfileRef.parse(question.profile, question.platform)
        note_account(ref.key)
        with self._metrics.asked(ref.platform.value) as asked:
            try:
                return self._answer(ref, question, request_id, asked)
            except AllowanceSpentError:
                asked.outcome = "allowance-spent"
                raise

    def _answer(self, ref: ProfileRef, question: Question, request_id: str, asked: Asked) -> Assessment:
        # The model comes first: without it a request to the platform would be spent for nothing.
        wanted = self._model.wants(ref.platform.value, request_id)
        try:
            with self._patience() as deadline_s:
                request = FetchRequest(
                    accounts=(ref,),
                    priority=Priority.PERSON,
                    deadline_s=deadline_s,
                    include=wanted & {ACTIVITY},
                    ticket=question.ticket,
                )
                result = self._fetch(request, request_id)
        except FetcherUnreachableError:
            self._metrics.accounts.labels(ref.platform.value, Outcome.UPSTREAM_ERROR.value).inc()
            raise
        self._metrics.accounts.labels(ref.platform.value, result.outcome.value).inc()
        if result.profile is None:
            asked.outcome, asked.cached = result.outcome.value, result.cached
            raise NotClassifiedError(result)
        values = np.array(list(raw_values(Columns.from_profiles([result.profile])).values()))
        account = account_key(ref, result.profile)
        prediction = self._model.explain(scale_rows(values.copy()), account, request_id)
        assumption = self._prevalence.assumed(ref.platform.value, prediction.version.description, question.prevalence)
        answer = assess(result, result.profile, values[:, 0], prediction, assumption)
        version, unsure = str(answer.version.number), str(answer.unsure).lower()
        self._metrics.answers.labels(ref.platform.value, answer.label, unsure, version).inc()
        self._metrics.drift.observe(ref.platform.value, values, answer.version)
        asked.outcome, asked.cached = result.outcome.value, result.cached
        return replace(answer, kept=self._recorder.keep(self._who().owner, answer))

    def _fetch(self, request: FetchRequest, request_id: str) -> AccountResult:
        if self._spending is None:
            return self._fetcher.profiles(request, request_id)[0]
        try:
            with self._spending.lookup(self._who(), request.accounts[0].platform) as bill:
                result = self._fetcher.profiles(request, request_id)[0]
                bill.usd = result.cost_usd
        except AllowanceSpentError:
            # What the fetcher still knows costs nothing.
            result = self._fetcher.profiles(replace(request, cached_only=True), request_id)[0]
            if not result.cached:
                raise
        return result

    @contextmanager
    def _patience(self) -> Iterator[float]:
        """How long this question may wait for its profile, in seconds; it counts as waiting inside."""
        with self._lock:
            self._waiting += 1
            hurried = self._waiting > self._patient_at_most
        try:
            yield min(self._deadline_s, HURRIED_S) if hurried else self._deadline_s
        finally:
            with self._lock:
                self._waiting -= 1
