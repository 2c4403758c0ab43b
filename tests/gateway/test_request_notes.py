from __future__ import annotations

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient


def line_of(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = [record for record in caplog.records if record.name == "gateway.access"]
    fields: dict[str, Any] = record.__dict__["fields"]
    return fields


def test_the_line_of_a_request_tells_outcome_hops_and_a_hash(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "gateway.access"):
        client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
    line = line_of(caplog)
    assert (line["hop"], line["route"], line["status"], line["outcome"]) == ("gateway", "/api/v1/classify", 200, "ok")
    assert len(line["account"]) == 16
    assert "reg_maple" not in str(line)


def test_equal_accounts_have_equal_hashes(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    hashes = []
    for handle in ("reg_maple", "REG_maple", "bot_other"):
        with caplog.at_level(logging.INFO, "gateway.access"):
            client.post("/api/v1/classify", json={"profile": f"https://x.com/{handle}"})
        hashes.append(line_of(caplog)["account"])
        caplog.clear()
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_request_about_nobody_says_nothing_of_anybody(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gateway.access"):
        client.get("/about")
    assert not {"account", "outcome"} & set(line_of(caplog))
