"""The API of stored results, as two viewers and an operator use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.errors import FetcherUnreachableError
from gateway.results.schemas import CorrectionAnswer, CorrectionList, Deletion, History, StoredAnswer
from tests.gateway.guarded import Guarded, bearer

ACCOUNT = "/api/v1/accounts/x/reg_maple"
HISTORY = f"{ACCOUNT}/results"
CORRECTIONS = "/api/v1/corrections"

Ask = Callable[..., Any]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """A request of somebody; returns the answer."""

    def send(name: str, method: str, path: str, **more: Any) -> Any:
        return client.open(path, method=method, headers=bearer(name), **more)

    return send


def classified(ask: Ask, name: str) -> str:
    answer = ask(name, "POST", "/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
    assert answer.status_code == 200, answer.text
    assert answer.json["kept_until"] == "2026-03-02T12:00:00Z"
    return str(answer.json["result_id"])


def corrected(ask: Ask, name: str) -> str:
    body = {"result_id": classified(ask, name), "label": "bot", "comment": "It posts every minute."}
    answer = ask(name, "POST", CORRECTIONS, json=body)
    assert answer.status_code == 201, answer.text
    return CorrectionAnswer.model_validate(answer.json).id


def test_an_answer_is_found_at_once_with_the_version_that_gave_it(ask: Ask) -> None:
    result_id = classified(ask, "ada")
    history = History.model_validate(ask("ada", "GET", HISTORY).json)
    assert [(each.id, each.model.version) for each in history.results] == [(result_id, 7)]
    for name in ("@reg_maple", "4211"):
        assert len(ask("ada", "GET", f"/api/v1/accounts/x/{name}/results").json["results"]) == 1
    assert StoredAnswer.model_validate(ask("ada", "GET", f"/api/v1/results/{result_id}").json).id == result_id


def test_the_newest_answers_are_listed_for_their_owner_alone(ask: Ask) -> None:
    result_id = classified(ask, "ada")
    latest = History.model_validate(ask("ada", "GET", "/api/v1/results").json)
    assert [each.id for each in latest.results] == [result_id]
    assert ask("bert", "GET", "/api/v1/results").json == {"results": []}


def test_every_route_that_takes_an_id_keeps_owners_apart(ask: Ask) -> None:
    result_id, correction_id = classified(ask, "ada"), corrected(ask, "ada")
    for other in ("bert", "olga"):
        assert ask(other, "GET", HISTORY).json == {"results": []}
        assert ask(other, "GET", f"/api/v1/results/{result_id}").status_code == 404
        refused = ask(other, "POST", CORRECTIONS, json={"result_id": result_id, "label": "bot"})
        assert (refused.status_code, refused.json["type"]) == (404, "/problems/no-such-thing")
    assert ask("bert", "GET", CORRECTIONS).json == {"corrections": []}
    assert ask("bert", "PUT", f"{CORRECTIONS}/{correction_id}", json={"state": "approved"}).status_code == 403
    assert ask("bert", "DELETE", ACCOUNT).json["deleted"] == {"corrections": 0, "results": 0, "batch_rows": 0}
    assert len(ask("ada", "GET", HISTORY).json["results"]) == 2


def test_an_operator_decides_and_training_gets_what_was_approved(ask: Ask) -> None:
    first, second = corrected(ask, "ada"), corrected(ask, "bert")
    pending = CorrectionList.model_validate(ask("olga", "GET", f"{CORRECTIONS}?state=pending").json)
    assert {each.id for each in pending.corrections} == {first, second}
    assert ask("olga", "PUT", f"{CORRECTIONS}/{first}", json={"state": "approved"}).json["decided_by"] == "olga"
    assert ask("olga", "PUT", f"{CORRECTIONS}/{second}", json={"state": "rejected"}).status_code == 200
    assert ask("olga", "PUT", f"{CORRECTIONS}/none", json={"state": "rejected"}).status_code == 404
    export = ask("olga", "GET", f"{CORRECTIONS}.jsonl")
    assert (export.mimetype, export.text.count("\n")) == ("application/x-ndjson", 1)
    assert "reg_maple" not in export.text
    assert ask("ada", "GET", f"{CORRECTIONS}.jsonl").status_code == 403
    assert [each["state"] for each in ask("ada", "GET", CORRECTIONS).json["corrections"]] == ["approved"]


def test_what_is_decided_cannot_be_changed_by_its_author(ask: Ask) -> None:
    correction = ask("ada", "GET", f"{CORRECTIONS}").json["corrections"]
    assert correction == []
    correction_id = corrected(ask, "ada")
    result_id = ask("ada", "GET", CORRECTIONS).json["corrections"][0]["result_id"]
    ask("olga", "PUT", f"{CORRECTIONS}/{correction_id}", json={"state": "rejected"})
    refused = ask("ada", "POST", CORRECTIONS, json={"result_id": result_id, "label": "fake"})
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/already-decided")


def test_an_operator_deletes_for_everybody(ask: Ask, guarded: Guarded) -> None:
    corrected(ask, "ada")
    classified(ask, "bert")
    deletion = Deletion.model_validate(ask("olga", "DELETE", ACCOUNT).json)
    assert deletion.scope == "everyone"
    assert deletion.deleted == {"corrections": 1, "results": 2, "batch_rows": 0}
    assert ProfileRef(Platform.X, id="4211") in guarded.fetcher.forgotten
    for name in ("ada", "bert"):
        assert ask(name, "GET", HISTORY).json == {"results": []}
    assert ask("ada", "GET", CORRECTIONS).json == {"corrections": []}


def test_a_viewer_deletes_its_own_things(ask: Ask, guarded: Guarded) -> None:
    classified(ask, "ada")
    classified(ask, "bert")
    assert ask("ada", "DELETE", f"{ACCOUNT}?scope=everyone").status_code == 403
    deletion = Deletion.model_validate(ask("ada", "DELETE", ACCOUNT).json)
    assert (deletion.scope, deletion.deleted["results"]) == ("mine", 1)
    assert guarded.fetcher.forgotten == []
    assert len(ask("bert", "GET", HISTORY).json["results"]) == 1
    assert len(ask("ada", "GET", HISTORY).json["results"]) == 0


def test_an_operator_can_delete_its_own_alone(ask: Ask) -> None:
    classified(ask, "ada")
    classified(ask, "olga")
    assert ask("olga", "DELETE", f"{ACCOUNT}?scope=mine").json["deleted"]["results"] == 1
    assert len(ask("ada", "GET", HISTORY).json["results"]) == 1


def test_a_cache_that_cannot_be_reached_is_told(ask: Ask, guarded: Guarded) -> None:
    classified(ask, "ada")
    guarded.fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    answer = ask("olga", "DELETE", ACCOUNT)
    assert (answer.status_code, answer.json["type"]) == (502, "/problems/upstream-error")
    assert "delete it again in a moment" in answer.json["detail"]
    assert ask("ada", "GET", HISTORY).json == {"results": []}


@pytest.mark.parametrize(
    ("path", "problem"),
    [("/api/v1/accounts/x/not-a-handle", "nonsense"), ("/api/v1/accounts/mastodon/someone", "wrong-field")],
)
def test_what_names_no_account_is_422(ask: Ask, path: str, problem: str) -> None:
    for method, address in (("GET", f"{path}/results"), ("DELETE", path)):
        answer = ask("olga", method, address)
        assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{problem}")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result_id": "a", "label": "robot"},
        {"result_id": "a", "label": "bot", "comment": "x" * 1001},
        {"result_id": "a", "label": "bot", "approved": True},
        {"result_id": 1, "label": "bot"},
    ],
)
def test_a_wrong_correction_is_422(ask: Ask, body: dict[str, Any]) -> None:
    assert ask("ada", "POST", CORRECTIONS, json=body).status_code == 422


def test_where_nothing_is_kept_an_answer_says_so(guarded: Guarded) -> None:
    client = guarded.client(retention_days=0.0)
    answer = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"}, headers=bearer("ada"))
    assert (answer.json["result_id"], answer.json["kept_until"]) == (None, None)
    assert client.get(HISTORY, headers=bearer("ada")).json == {"results": []}
