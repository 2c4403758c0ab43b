"""`rollcall classify --file` against a running gateway whose worker is done at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry
from werkzeug.serving import make_server

from gateway.app import create_app
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.queue import WorkQueue
from gateway.batches.runner import Runner
from gateway.batches.store import BatchStore
from gateway.cli import main
from gateway.config import Config
from gateway.metrics import Metrics
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel


@pytest.fixture
def gateway(engine: sa.Engine, fetcher: FakeFetcher, model: FakeModel) -> Iterator[str]:
    """The address of a running gateway; a worker looks for something to do all the time."""
    app = create_app(
        Config(), fetcher=fetcher, model=model, demo=FakeDemo(), engine=engine, versions=FakeVersions(),
        queue=WorkQueue("sqlite://"),
    )  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    ending = threading.Event()
    registry = CollectorRegistry()
    claims = Claims(BatchStore(engine, time.time), lease_s=60)
    runner = Runner(claims, fetcher, FakeVersions(), Metrics(registry), BatchMetrics(registry))

    def work() -> None:
        while not ending.wait(0.02):
            runner.step()

    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{server.port}"
    ending.set()
    server.shutdown()
    for thread in threads:
        thread.join()
    server.server_close()


def run(gateway: str, *arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["classify", "--gateway", gateway, *map(str, arguments)], input=answer)


def test_a_list_is_planned_confirmed_and_written(gateway: str, tmp_path: Path) -> None:
    handles = tmp_path / "handles.csv"
    handles.write_text("handle,platform\nmaple,x\noak,instagram\nno handle,x\n")
    result = run(gateway, "--file", handles, "--out", tmp_path / "o.csv", answer="y\n")
    assert result.exit_code == 0, result.output
    assert "line 4:" in result.output
    assert "2 accounts, 1 lines refused" in result.output
    content = (tmp_path / "o.csv").read_text()
    assert content.count("regular") >= 2
    again = run(gateway, "--file", handles, "--out", tmp_path / "again.csv")
    assert (again.exit_code, "Begin?" in again.output) == (0, False)
    assert (tmp_path / "again.csv").read_text() == content


def test_without_consent_nothing_begins(gateway: str, tmp_path: Path, fetcher: FakeFetcher) -> None:
    handles = tmp_path / "handles.txt"
    handles.write_text("maple\n")
    result = run(gateway, "--file", handles, "--platform", "x", "--out", tmp_path / "o.csv", answer="n\n")
    assert result.exit_code == 1
    assert not (tmp_path / "o.csv").exists()
    assert fetcher.asked == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--file", "{list}"], "--out says where"),
        (["--file", "{list}", "--out", "o.txt"], "--out must end in .csv, .jsonl."),
        (["--file", "{list}", "--out", "o.csv", "https://x.com/a"], "--file takes its accounts from the file"),
        ([], "Name an account"),
    ],
)
def test_wrong_arguments_get_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    handles = tmp_path / "handles.csv"
    handles.write_text("handle\nmaple\n")
    result = run("http://127.0.0.1:1", *(argument.format(list=handles) for argument in arguments))
    assert result.exit_code == 2
    assert sentence in result.output


def test_without_a_gateway_it_says_so(tmp_path: Path) -> None:
    handles = tmp_path / "handles.csv"
    handles.write_text("handle,platform\nmaple,x\n")
    result = run("http://127.0.0.1:1", "--file", handles, "--out", tmp_path / "o.csv")
    assert (result.exit_code, "is the gateway running?" in result.output) == (1, True)
