from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from contracts.fetch_api import AccountResult, Outcome
from gateway.app import create_app
from gateway.cli import main
from gateway.config import Config
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel


@pytest.fixture
def gateway(fetcher: FakeFetcher, model: FakeModel) -> Iterator[str]:
    """The address of a running gateway with a fake fetcher and model."""
    app = create_app(Config(), fetcher=fetcher, model=model, demo=FakeDemo())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, env=environment)
    return result.exit_code, result.output


def test_classify_says_what_an_account_looks_like(gateway: str) -> None:
    assert run("classify", "https://x.com/reg_maple", GATEWAY_URL=gateway) == (
        0,
        "https://x.com/reg_maple: looks like a regular account (86%)\n",
    )


def test_classify_prints_the_apis_answers(gateway: str) -> None:
    status, output = run("classify", "@reg_maple", "--platform", "x", "--json", "--gateway", gateway)
    assert status == 0
    assert json.loads(output)["label"] == "regular"


def test_one_account_without_an_answer_makes_the_status_1(gateway: str, fetcher: FakeFetcher) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.NOT_FOUND)
    status, output = run("classify", "https://x.com/who_missing", "--gateway", gateway)
    assert (status, output) == (1, "https://x.com/who_missing: There is no such account.\n")


def test_an_unclear_answer_says_so(gateway: str, model: FakeModel) -> None:
    model.probabilities = (0.4, 0.3, 0.2, 0.1)
    assert "but not clearly (40%)" in run("classify", "https://x.com/a", "--gateway", gateway)[1]


def test_without_a_gateway_classify_says_so() -> None:
    status, output = run("classify", "https://x.com/a", "--gateway", "http://127.0.0.1:1")
    assert status == 1
    assert "is it running?" in output


def test_doctor_finds_what_does_not_answer(gateway: str) -> None:
    port = gateway.rpartition(":")[2]
    away = {"FETCHER_URL": "http://127.0.0.1:1", "EMULATOR_URL": "http://127.0.0.1:1", "MODEL_SERVER": "127.0.0.1:1"}
    status, output = run("doctor", GATEWAY_PORT=port, **away)
    assert status == 1
    assert "ok   gateway" in output
    assert "FAIL fetcher" in output
    assert "FAIL model server" in output


def test_a_wrong_environment_is_told_with_status_2() -> None:
    status, output = run("doctor", GATEWAY_PORT="x")
    assert status == 2
    assert "GATEWAY_PORT" in output
