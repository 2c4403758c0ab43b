from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from gateway.batches.events import ProgressStreams
from gateway.batches.submission import MOST_BYTES
from gateway.database import open_database
from gateway.migrations.upgrade import upgrade
from tests.gateway.batches.test_api import client, queue, work  # noqa: F401 - fixtures.


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def give(client: FlaskClient, accounts: str, **more: str) -> str:  # noqa: F811
    answer = client.post("/batches", data={"accounts": accounts, "platform": "x", **more})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_pasted_list_leads_from_plan_to_results_without_a_script(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "@maple\n@oak\n@maple\nno such", name="Trees")
    page = client.get(address).text
    assert "<h1>Trees</h1>" in page
    assert "Line 3: The same account stands in line 1." in page
    assert "version 7 of the model" in page
    assert client.post(f"{address}/confirm", data={"model_version": "7"}).status_code == 303
    assert '<noscript><meta http-equiv="refresh"' in client.get(address).text
    work()
    page = client.get(address).text
    assert "Finished" in page
    assert "Estimated share" in page
    table = client.get(f"{address}/results?label=regular&sort=handle&order=desc").text
    assert table.index("@oak") < table.index("@maple")
    assert 'aria-sort="descending"' in table
    assert "no basis for adverse action" in table
    assert client.get(f"{address}/results?sort=colour").status_code == 303


def test_a_file_is_read_by_its_ending(client: FlaskClient) -> None:  # noqa: F811
    file = (io.BytesIO(b'{"handle": "maple"}\n{"handle": "oak"}\n'), "list.jsonl")
    answer = client.post("/batches", data={"file": file, "platform": "x"}, content_type="multipart/form-data")
    assert "<dd>2</dd>" in client.get(answer.headers["Location"]).text


def test_a_large_pasted_list_is_taken(client: FlaskClient) -> None:  # noqa: F811
    address = give(client, "\n".join(f"https://x.com/reg_{number:06}" for number in range(30_000)))
    assert "<dd>30,000</dd>" in client.get(address).text


def test_a_list_without_sense_comes_back_with_a_sentence(client: FlaskClient) -> None:  # noqa: F811
    answer = client.post("/batches", data={"accounts": "<b>nonsense</b>"})
    assert answer.status_code == 422
    assert "No line names an account." in answer.text
    assert "<b>nonsense" not in answer.text


def test_a_batch_that_does_not_exist_is_a_page_that_says_so(client: FlaskClient) -> None:  # noqa: F811
    answer = client.get("/batches/00000000000000000000000000000000")
    assert answer.status_code == 404
    assert "There is no such batch." in answer.text


def test_a_sample_is_drawn_labelled_by_two_and_judged(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "\n".join(f"@reg_{number}" for number in range(20)))
    client.post(f"{address}/confirm")
    work()
    assert client.post(f"{address}/review/draw", data={"size": "4", "seed": "3"}).status_code == 303
    first = {"reviewer": "1", "place_1": "regular", "place_2": "regular", "place_3": "bot", "place_4": "regular"}
    assert client.post(f"{address}/review", data=first).status_code == 303
    second = {"reviewer": "2", "place_1": "regular", "place_2": "regular", "place_3": "bot", "place_4": "fake"}
    client.post(f"{address}/review", data=second)
    page = client.get(f"{address}/review?reviewer=2").text
    assert "62.5%" in page
    assert "Both reviewers labelled 4 accounts" in page
    assert client.post(f"{address}/review/draw", data={"size": "5", "seed": "3"}).status_code == 409
    assert client.post(f"{address}/review/draw", data={"size": "5", "seed": "3", "replace": "true"}).status_code == 303


def test_a_button_that_is_clicked_twice_does_its_work_once(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "@maple\n@oak")
    for action in ("confirm", "pause", "resume", "cancel"):
        assert [client.post(f"{address}/{action}").status_code for _ in range(2)] == [303, 303], action
    assert client.post(f"{address}/resume").status_code == 409
    address = give(client, "@elm")
    client.post(f"{address}/confirm")
    work()
    assert client.post(f"{address}/confirm").status_code == 303
    assert client.post(f"{address}/cancel").status_code == 409


def test_labels_go_to_no_other_sample_than_the_one_that_was_looked_at(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "\n".join(f"@reg_{number}" for number in range(20)))
    client.post(f"{address}/confirm")
    work()
    client.post(f"{address}/review/draw", data={"size": "4", "seed": "3"})
    page = client.get(f"{address}/review").text
    assert "https://x.com/" not in page, "The name of an invented account may be that of a real one."
    mark = page.partition('name="sample" value="')[2].partition('"')[0]
    labels = {"reviewer": "1", "place_1": "bot", "sample": mark}
    assert client.post(f"{address}/review", data=labels).status_code == 303
    client.post(f"{address}/review/draw", data={"size": "4", "seed": "9", "replace": "true"})
    refused = client.post(f"{address}/review", data=labels)
    assert refused.status_code == 409
    assert "Another sample was drawn" in refused.text
    assert "checked> Bot" not in client.get(f"{address}/review").text


def test_labels_are_thrown_away_on_demand_also_for_the_same_sample(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "@maple\n@oak")
    client.post(f"{address}/confirm")
    work()
    client.post(f"{address}/review/draw", data={"size": "2", "seed": "1"})
    client.post(f"{address}/review", data={"reviewer": "1", "place_1": "bot"})
    client.post(f"{address}/review/draw", data={"size": "2", "seed": "1", "replace": "true"})
    assert "checked> Bot" not in client.get(f"{address}/review").text


def test_a_file_that_is_too_large_is_told_how_large_it_may_be(client: FlaskClient) -> None:  # noqa: F811
    told = {"CONTENT_LENGTH": str(MOST_BYTES + 1), "CONTENT_TYPE": "multipart/form-data; boundary=a"}
    answer = client.post("/batches", data=b"--a--", environ_overrides=told)
    assert answer.status_code == 413
    assert "A list may be 16 MB at most; send it in parts." in answer.text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("@maple, @oak, @elm", "each account stands on a line of its own"),
        ("x" * 200_000, "This line is too long to name an account."),
    ],
)
def test_a_line_that_names_no_account_is_told_why(client: FlaskClient, given: str, sentence: str) -> None:  # noqa: F811
    assert sentence in client.post("/batches", data={"accounts": given, "platform": "x"}).text


def test_two_batches_stand_beside_each_other(client: FlaskClient, work: Callable[[], int]) -> None:  # noqa: F811
    first, second = give(client, "@maple\n@oak"), give(client, "@oak\n@elm")
    for address in (first, second):
        client.post(f"{address}/confirm")
    work()
    page = client.get(f"{first}/compare?with={second.rpartition('/')[2]}").text
    assert "accounts have an answer in both; 0 of them got another label" in page


def test_the_progress_is_told_by_events_that_end_by_themselves(
    client: FlaskClient,  # noqa: F811
    work: Callable[[], int],  # noqa: F811
) -> None:
    address = give(client, "@maple")
    client.post(f"{address}/confirm")
    work()
    answer = client.get(f"{address}/events")
    assert answer.mimetype == "text/event-stream"
    assert "event: progress" in answer.text
    assert answer.text.endswith("event: over\ndata: {}\n\n")


def test_few_streams_are_open_at_a_time_and_each_ends() -> None:
    seconds = iter(range(0, 1000, 3))
    streams = ProgressStreams(1, clock=lambda: float(next(seconds)), sleep=lambda _: None)
    first = streams.events(lambda: ("a", False))
    assert next(first) == "retry: 1000\n\n"
    assert list(streams.events(lambda: ("b", False))) == ["retry: 4000\n\n", 'event: progress\ndata: "b"\n\n']
    assert list(first) == ['event: progress\ndata: "a"\n\n']
    assert next(streams.events(lambda: ("a", False))) == "retry: 1000\n\n"


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "stable", "1.5"])
def test_a_form_with_an_impossible_number_is_refused_with_a_sentence(client: FlaskClient, number: str) -> None:  # noqa: F811
    address = give(client, "@maple")
    for action in ("confirm", "resume"):
        answer = client.post(f"{address}/{action}", data={"model_version": number})
        assert answer.status_code == 400
        assert "A version of the model is named by a whole number above 0." in answer.text
    answer = client.post(f"{address}/review", data={"reviewer": "1", f"place_{number}": "bot"})
    assert answer.status_code in {303, 404}
