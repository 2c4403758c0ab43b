"""The use case: what a person pasted -> a profile -> numbers -> an answer."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.columns import Columns
from contracts.features import raw_values, scale
from contracts.fetch_api import ACTIVITY, FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.assessment import Assessment, assess
from gateway.errors import FetcherUnreachableError, NotClassifiedError
from gateway.fetcher_client import Fetcher
from gateway.metrics import Metrics
from gateway.split_model import SplitModel
from gateway.traffic import account_key


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `platform` says what a bare handle or id belongs to; `ticket` keeps an earlier place."""

    profile: str
    platform: Platform | None = None
    ticket: str | None = None


class Classifier:
    """Answers one question at a time; safe to share between threads."""

    def __init__(self, fetcher: Fetcher, model: SplitModel, metrics: Metrics, *, deadline_s: float = 10.0) -> None:
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
        wanted = self._model.wants(ref.platform.value, request_id)
        request = FetchRequest(
            accounts=(ref,),
            priority=Priority.PERSON,
            deadline_s=self._deadline_s,
            include=wanted & {ACTIVITY},
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
        values = raw_values(Columns.from_profiles([result.profile]))
        account = account_key(ref, result.profile)
        answer = assess(result, result.profile, values, self._model.explain(scale(values), account, request_id))
        version, unsure = str(answer.version.number), str(answer.unsure).lower()
        self._metrics.answers.labels(ref.platform.value, answer.label, unsure, version).inc()
        return answer
