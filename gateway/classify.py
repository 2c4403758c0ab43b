"""The use case: what a person pasted -> a profile -> numbers -> an answer."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.columns import Columns
from contracts.features import normalize
from contracts.fetch_api import ACTIVITY, FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.assessment import Assessment, assess
from gateway.errors import FetcherUnreachableError, NotClassifiedError
from gateway.fetcher_client import Fetcher
from gateway.metrics import Metrics
from gateway.prediction import Model


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `platform` says what a bare handle or id belongs to; `ticket` keeps an earlier place."""

    profile: str
    platform: Platform | None = None
    ticket: str | None = None


class Classifier:
    """Answers one question at a time; safe to share between threads."""

    def __init__(self, fetcher: Fetcher, model: Model, metrics: Metrics, *, deadline_s: float = 10.0) -> None:
        self._fetcher = fetcher
        self._model = model
        self._metrics = metrics
        self._deadline_s = deadline_s

    def classify(self, question: Question, request_id: str) -> Assessment:
        """Read, fetch and assess.

        Raises InvalidReference, NotClassifiedError, FetcherUnreachableError or ModelUnavailableError.
        """
        ref = ProfileRef.parse(question.profile, question.platform)
        # The model comes first: without it a request to the platform would be spent for nothing.
        description = self._model.version(request_id).description
        request = FetchRequest(
            accounts=(ref,),
            priority=Priority.PERSON,
            deadline_s=self._deadline_s,
            include=frozenset(description.wants.get(ref.platform.value, ())) & {ACTIVITY},
            ticket=question.ticket,
        )
        try:
            result = self._fetcher.profiles(request, request_id)[0]
        except FetcherUnreachableError:
            self._metrics.accounts.labels(ref.platform.value, Outcome.UPSTREAM_ERROR.value).inc()
            raise
        self._metrics.accounts.labels(ref.platform.value, result.outcome.value).inc()
        if result.profile is None:
            raise NotClassifiedError(result)
        columns = Columns.from_profiles([result.profile])
        answer = assess(result, result.profile, columns, self._model.explain(normalize(columns), request_id))
        version, unsure = str(answer.version.number), str(answer.unsure).lower()
        self._metrics.answers.labels(ref.platform.value, answer.label, unsure, version).inc()
        return answer
