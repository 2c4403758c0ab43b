from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.access.key_file import save_keys
from gateway.access.sessions import COOKIE
from gateway.app import create_app
from gateway.config import Config, ConfigError
from tests.gateway.fakes import FakeFetcher, FakeModel, MemoryTrafficStore
from tests.gateway.guarded import KEYS, SECRETS, Guarded, bearer

CLASSIFY, TRAFFIC = "/api/v1/classify", "/api/v1/model/traffic"
BODY = {"profile": "https://x.com/reg_maple"}
OURS = {"Origin": "http://localhost"}


def browser_routes(client: FlaskClient) -> list[tuple[str, str]]:
    rules = client.application.url_map.iter_rules()
    return [
        (rule.rule, method) for rule in rules for method in (rule.methods or ()) if method in {"GET", "POST", "PUT"}
    ]


class TestWithKeys:
    """Keys are configured."""

    def test_nothing_is_answered_without_one_but_probes_and_the_sign_in(self, client: FlaskClient) -> None:
        free = {"/livez", "/readyz", "/sign-in", "/static/<path:filename>"}
        for rule, method in browser_routes(client):
            if rule in free:
                continue
            answer = client.open(rule.replace("<name>", "blocked"), method=method, json={} if method != "GET" else None)
            assert answer.status_code in {401, 303}, (rule, method)
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/sign-in")

    def test_the_refusal_is_a_problem_that_says_how_to_send_a_key(self, client: FlaskClient, guarded: Guarded) -> None:
        answer = client.post(CLASSIFY, json=BODY)
        assert (answer.status_code, answer.json["type"]) == (401, "/problems/key-needed")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Authorization: Bearer" in answer.json["detail"]
        assert not guarded.fetcher.asked

    @pytest.mark.parametrize(
        "header", ["Bearer rc_nobody", "Bearer", "Basic cmNfYWRhOg==", "rc_ada", "Bearer \x7f", "Bearer rc_ada rc_ada"]
    )
    def test_a_wrong_key_is_refused_and_not_repeated(self, client: FlaskClient, header: str) -> None:
        answer = client.post(CLASSIFY, json=BODY, headers={"Authorization": header})
        assert answer.status_code == 401
        assert "rc_" not in answer.text

    def test_a_key_is_let_in(self, client: FlaskClient) -> None:
        assert client.post(CLASSIFY, json=BODY, headers=bearer("ada")).status_code == 200
        assert client.get("/about", headers=bearer("ada")).status_code == 200

    def test_a_key_that_is_taken_away_is_shut_out(self, guarded: Guarded, client: FlaskClient) -> None:
        assert client.get("/api/v1/limits", headers=bearer("ada")).status_code == 200
        save_keys(guarded.path, KEYS[1:])
        for _ in range(50):
            status = client.get("/api/v1/limits", headers=bearer("ada")).status_code
            if status == 401:
                return
            sleep(0.05)
        raise AssertionError("The key is still let in.")

    def test_only_an_operator_changes_the_traffic(self, client: FlaskClient, guarded: Guarded) -> None:
        refused = client.put(TRAFFIC, json={"canary_share": 0.5}, headers=bearer("ada"))
        assert (refused.status_code, refused.json["type"]) == (403, "/problems/operator-only")
        assert guarded.store.traffic.revision == 0
        assert client.put(TRAFFIC, json={"canary_share": 0.5}, headers=bearer("olga")).status_code == 200


class TestSignedIn:
    """People sign in on the page."""

    def test_a_page_leads_to_the_form_and_back(self, guarded: Guarded) -> None:
        browser = guarded.client()
        sent = browser.get("/?profile=https://x.com/reg_maple")
        assert sent.status_code == 303
        form = browser.get(sent.headers["Location"])
        assert form.status_code == 200
        answer = browser.post(
            "/sign-in", data={"key": SECRETS["ada"], "next": "/?profile=https://x.com/reg_maple"}, headers=OURS
        )
        assert answer.headers["Location"] == "/?profile=https://x.com/reg_maple"
        assert browser.get(answer.headers["Location"]).status_code == 200

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, guarded: Guarded) -> None:
        answer = guarded.client().post("/sign-in", data={"key": SECRETS["ada"]}, headers=OURS)
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie
        assert SECRETS["ada"] not in cookie
        behind = {**OURS, "X-Forwarded-Proto": "https"}
        assert (
            "Secure"
            in guarded.client().post("/sign-in", data={"key": SECRETS["ada"]}, headers=behind).headers["Set-Cookie"]
        )

    def test_a_wrong_key_gets_the_form_again(self, guarded: Guarded) -> None:
        answer = guarded.client().post("/sign-in", data={"key": "rc_guess"}, headers=OURS)
        assert answer.status_code == 401
        assert "That key is not known." in answer.text
        assert "rc_guess" not in answer.text

    @pytest.mark.parametrize(
        "elsewhere", ["//evil.example/", "https://evil.example", "/\\evil.example", "\t//evil", "x"]
    )
    def test_nobody_is_led_elsewhere(self, guarded: Guarded, elsewhere: str) -> None:
        answer = guarded.client().post("/sign-in", data={"key": SECRETS["ada"], "next": elsewhere}, headers=OURS)
        assert answer.headers["Location"] == "/"

    def test_signing_out_ends_it(self, signed_in: Callable[[str], FlaskClient]) -> None:
        browser = signed_in("ada")
        assert browser.post("/sign-out", headers=OURS).status_code == 303
        assert browser.get("/about").status_code == 303

    def test_a_forged_or_foreign_cookie_is_worth_nothing(
        self, guarded: Guarded, signed_in: Callable[[str], FlaskClient]
    ) -> None:
        cookie = signed_in("ada").get_cookie(COOKIE)
        assert cookie is not None
        for value in (cookie.value[:-2] + "xx", "x", ""):
            browser = guarded.client()
            browser.set_cookie(COOKIE, value)
            assert browser.post(CLASSIFY, json=BODY, headers=OURS).status_code == 401

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "http://localhost"}, 200),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "http://localhost.evil.example"}, 403),
            ({"Origin": "http://localhost:81"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
        ],
    )
    def test_a_session_counts_only_from_our_own_page(
        self, signed_in: Callable[[str], FlaskClient], headers: dict[str, str], status: int
    ) -> None:
        assert signed_in("ada").post(CLASSIFY, json=BODY, headers=headers).status_code == status

    def test_a_session_ends_with_its_key(self, guarded: Guarded, signed_in: Callable[[str], FlaskClient]) -> None:
        browser = signed_in("ada")
        cookie = browser.get_cookie(COOKIE)
        assert cookie is not None
        save_keys(guarded.path, KEYS[1:])
        later = guarded.client()
        later.set_cookie(COOKIE, cookie.value)
        assert later.get("/about").status_code == 303


def open_client(**config: Any) -> FlaskClient:
    app = create_app(Config(**config), fetcher=FakeFetcher(), model=FakeModel(), traffic=MemoryTrafficStore())
    return app.test_client()


class TestWithoutKeys:
    """The default: open, on this machine."""

    def test_everybody_is_let_in_and_there_is_nothing_to_sign_in_to(self) -> None:
        client = open_client()
        assert client.get("/about").status_code == 200
        assert client.put(TRAFFIC, json={}).status_code == 200
        assert client.get("/sign-in").headers["Location"] == "/"

    def test_another_origin_is_refused_even_from_an_old_browser(self) -> None:
        answer = open_client().post(CLASSIFY, json=BODY, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403

    def test_a_foreign_name_that_points_here_is_refused(self) -> None:
        for path in ("/", "/api/v1/limits"):
            answer = open_client().get(path, headers={"Host": "evil.example"})
            assert answer.status_code == 400
            assert answer.mimetype == "application/problem+json"
            assert "name the host in TRUSTED_HOSTS" in answer.json["detail"]
        assert (
            open_client(trusted_hosts=("rollcall.example",))
            .get("/about", headers={"Host": "rollcall.example"})
            .status_code
            == 200
        )

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
    def test_others_are_not_let_in_unless_that_is_said(self, host: str) -> None:
        with pytest.raises(ConfigError, match="OPEN_ACCESS=1"):
            open_client(bind_host=host)
        assert open_client(bind_host=host, open_access=True).get("/about").status_code == 200

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
    def test_this_machine_is(self, host: str) -> None:
        assert open_client(bind_host=host).get("/about").status_code == 200
