"""No cache between us and a person may keep an answer and give it to another."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from tests.gateway.guarded import Guarded, bearer

SignIn = Callable[[str], FlaskClient]


def _paths(client: FlaskClient) -> list[str]:
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())]
    urls = client.application.url_map.bind("localhost")
    return [
        urls.build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
        for rule in rules
        if not rule.endpoint.endswith("static")
    ]


def test_nothing_but_style_and_script_may_be_kept(guarded: Guarded, signed_in: SignIn) -> None:
    operator, stranger = signed_in("olga"), guarded.client()
    paths = _paths(operator)
    assert len(paths) > 30
    for path in paths:
        for client in (operator, stranger):
            assert client.get(path).headers["Cache-Control"] == "no-store", path
    assert stranger.post("/sign-in", data={"key": "wrong"}).headers["Cache-Control"] == "no-store"
    with stranger.get("/static/base.css") as style:
        assert (style.status_code, "no-store" in style.headers["Cache-Control"]) == (200, False)


def test_a_page_of_one_key_shows_nothing_of_another(guarded: Guarded, client: FlaskClient) -> None:
    made = client.post(
        "/api/v1/batches", json={"accounts": ["@maple"], "platform": "x", "name": "Of Ada"}, headers=bearer("ada")
    )
    assert made.status_code == 201
    client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"}, headers=bearer("ada"))
    for path in _paths(client):
        answer = client.get(path, headers=bearer("bert"))
        assert "Of Ada" not in answer.text, path
        assert made.json is not None
        assert made.json["id"] not in answer.text, path
