from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from contracts.fetch_api import ACTIVITY, AccountResult, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import InvalidReference, ProfileRef
from gateway.classify import HURRIED_S, Classifier, Question
from gateway.errors import FetcherUnreachableError, ModelUnavailableError, NotClassifiedError
from gateway.metrics import Metrics
from gateway.split_model import SplitModel
from gateway.traffic_control import TrafficControl
from tests.gateway.fakes import NOW, FakeFetcher, FakeModel, MemoryTrafficStore, found


@pytest.fixture
def classifier(fetcher: FakeFetcher, model: FakeModel, store: MemoryTrafficStore, metrics: Metrics) -> Classifier:
    split = SplitModel(model, TrafficControl(store, metrics), metrics, now=lambda: NOW)
    return Classifier(fetcher, split, metrics, deadline_s=3.0)


def test_an_address_becomes_an_answer(
    classifier: Classifier, fetcher: FakeFetcher, registry: CollectorRegistry
) -> None:
    answer = classifier.classify(Question("https://x.com/Reg_Maple?s=21"), "id-1")
    assert answer.label == "regular"
    assert answer.version.number == 7
    [request] = fetcher.asked
    assert request.accounts == (ProfileRef(Platform.X, handle="reg_maple"),)
    assert (request.priority, request.deadline_s, request.ticket) == (Priority.PERSON, 3.0, None)
    labels = {"platform": "x", "label": "regular", "unsure": "false", "model_version": "7"}
    assert registry.get_sample_value("rollcall_gateway_answers_total", labels) == 1
    outcome = {"platform": "x", "outcome": "ok"}
    assert registry.get_sample_value("rollcall_gateway_accounts_total", outcome) == 1


def test_the_platform_and_the_ticket_go_along(classifier: Classifier, fetcher: FakeFetcher) -> None:
    classifier.classify(Question("@reg_maple", Platform.INSTAGRAM, ticket="place-12"), "id-1")
    [request] = fetcher.asked
    assert request.accounts == (ProfileRef(Platform.INSTAGRAM, handle="reg_maple"),)
    assert request.ticket == "place-12"


def test_only_what_the_version_wants_is_fetched(classifier: Classifier, fetcher: FakeFetcher) -> None:
    classifier.classify(Question("https://x.com/a"), "id-1")
    classifier.classify(Question("https://instagram.com/a"), "id-1")
    assert [request.include for request in fetcher.asked] == [frozenset(), frozenset({ACTIVITY})]


def test_nonsense_reaches_no_fetcher(classifier: Classifier, fetcher: FakeFetcher) -> None:
    with pytest.raises(InvalidReference):
        classifier.classify(Question("https://example.com/someone"), "id-1")
    assert not fetcher.asked


def test_without_a_model_no_request_to_a_platform_is_spent(
    classifier: Classifier, fetcher: FakeFetcher, model: FakeModel
) -> None:
    model.available = False
    with pytest.raises(ModelUnavailableError):
        classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    assert not fetcher.asked


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_every_other_outcome_is_raised_with_its_data(
    classifier: Classifier, fetcher: FakeFetcher, registry: CollectorRegistry, outcome: Outcome
) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=outcome, retry_at=NOW, ticket="t")
    with pytest.raises(NotClassifiedError) as caught:
        classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    assert caught.value.outcome is outcome
    assert caught.value.retry_at == NOW
    assert str(caught.value).endswith(".")
    labels = {"platform": "x", "outcome": outcome.value}
    assert registry.get_sample_value("rollcall_gateway_accounts_total", labels) == 1


def test_an_unreachable_fetcher_counts_as_an_upstream_error(
    classifier: Classifier, fetcher: FakeFetcher, registry: CollectorRegistry
) -> None:
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    with pytest.raises(FetcherUnreachableError):
        classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    labels = {"platform": "x", "outcome": "upstream-error"}
    assert registry.get_sample_value("rollcall_gateway_accounts_total", labels) == 1


def test_the_time_to_each_outcome_is_taken_and_a_fault_is_told_from_an_answer(
    classifier: Classifier, fetcher: FakeFetcher, model: FakeModel, registry: CollectorRegistry
) -> None:
    def counted(outcome: str, cached: str = "false") -> float:
        labels = {"platform": "x", "outcome": outcome, "cached": cached}
        return registry.get_sample_value("rollcall_gateway_account_seconds_count", labels) or 0.0

    classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.NOT_FOUND, cached=True)
    with pytest.raises(NotClassifiedError):
        classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    model.available = False
    with pytest.raises(ModelUnavailableError):
        classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    assert (counted("ok"), counted("not-found", "true"), counted("fault")) == (1, 1, 1)


def test_each_account_is_counted_against_the_reference_of_its_version(
    classifier: Classifier, registry: CollectorRegistry
) -> None:
    classifier.classify(Question("https://x.com/reg_maple"), "id-1")
    samples = [
        (sample.labels, sample.value)
        for family in registry.collect()
        if family.name == "rollcall_gateway_feature_bin_accounts"
        for sample in family.samples
    ]
    assert sum(value for _, value in samples) == 1
    assert {labels["feature"] for labels, _ in samples} == {"followers"}
    rate = {"model_version": "7", "platform": "x", "label": "regular"}
    assert registry.get_sample_value("rollcall_gateway_class_base_rate", rate) == 0.7


def test_when_many_wait_the_next_one_is_told_a_time_soon(
    fetcher: FakeFetcher, model: FakeModel, store: MemoryTrafficStore, metrics: Metrics
) -> None:
    split = SplitModel(model, TrafficControl(store, metrics), metrics, now=lambda: NOW)
    classifier = Classifier(fetcher, split, metrics, deadline_s=10.0, patient_at_most=1)

    def answer(ref: ProfileRef) -> AccountResult:
        if ref.handle == "first":
            classifier.classify(Question("https://x.com/second"), "id-2")
        return found(ref)

    fetcher.answer = answer
    classifier.classify(Question("https://x.com/first"), "id-1")
    classifier.classify(Question("https://x.com/third"), "id-3")
    assert [request.deadline_s for request in fetcher.asked] == [10.0, HURRIED_S, 10.0]
