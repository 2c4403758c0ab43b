"""The commands ask and change the gateway's traffic over HTTP; a small server stands in for the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from serving.cli import main
from serving.config import Config
from serving.status import status_lines
from serving.store import Served, Store
from serving.traffic import GatewayError, Traffic, read_traffic, set_canary_share


class Gateway:
    """Answers /api/v1/model/traffic as the gateway's documents say."""

    def __init__(self) -> None:
        self.document: dict[str, object] = {
            "canary_share": 0.25,
            "effect": "The canary answers 25%.",
            "rolled_back": None,
        }
        self.broken = False
        self.sent_keys: list[str | None] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway.sent_keys.append(self.headers["Authorization"])
                known = self.path == "/api/v1/model/traffic" and not gateway.broken
                body = json.dumps(gateway.document if known else {"detail": "The database is away."}).encode()
                self.send_response(200 if known else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                gateway.document |= sent | {"effect": f"The canary answers {sent['canary_share']:.0%}."}
                self.do_GET()

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    thread = Thread(target=gateway.server.serve_forever, args=(0.02,))
    thread.start()
    yield gateway
    gateway.server.shutdown()
    thread.join()
    gateway.server.server_close()


def test_share_is_read_and_changed(gateway: Gateway) -> None:
    assert read_traffic(gateway.address) == Traffic(0.25, "The canary answers 25%.")
    assert set_canary_share(gateway.address, 0.5) == Traffic(0.5, "The canary answers 50%.")
    assert read_traffic(gateway.address).canary_share == 0.5


def test_rollback_is_told_with_its_reason(gateway: Gateway) -> None:
    gateway.document["rolled_back"] = {"at": "2026-01-01T00:00:00Z", "version": 2, "reason": "It failed too often."}
    assert read_traffic(gateway.address).note.endswith(
        "Version 2 was rolled back at 2026-01-01T00:00:00Z: It failed too often."
    )


def test_refusal_carries_the_gateways_sentence(gateway: Gateway) -> None:
    gateway.broken = True
    with pytest.raises(GatewayError, match=r"answered 503: The database is away\."):
        read_traffic(gateway.address)


def test_answer_of_something_else_is_refused(gateway: Gateway) -> None:
    gateway.document = {"hello": "world"}
    with pytest.raises(GatewayError, match="cannot be read"):
        read_traffic(gateway.address)


def test_gateway_that_is_away_is_named() -> None:
    with pytest.raises(GatewayError, match="does not answer"):
        set_canary_share("http://127.0.0.1:1", 0.5)


def test_canary_command_changes_the_share_alone(gateway: Gateway, tmp_path: Path) -> None:
    config = Config(tmp_path, tmp_path, ("127.0.0.1:1",), gateway.address)
    done = CliRunner().invoke(main, ["canary", "--share", "0.1"], obj=config)
    assert (done.exit_code, done.output) == (0, "The canary answers 10%.\n")
    assert gateway.document["canary_share"] == 0.1
    assert CliRunner().invoke(main, ["canary", "--off", "--share", "0.1"], obj=config).exit_code == 2
    assert CliRunner().invoke(main, ["canary", "--share", "2"], obj=config).exit_code == 2


def test_status_ends_with_what_the_traffic_comes_to(gateway: Gateway, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Served(frozenset({1}), {"stable": 1}))
    assert list(status_lines(store, [], gateway.address))[-1] == "traffic\tThe canary answers 25%."


def test_a_key_is_sent_where_there_is_one_and_never_shown(gateway: Gateway) -> None:
    read_traffic(gateway.address)
    read_traffic(gateway.address, "rc_invented")
    set_canary_share(gateway.address, 0.5, "rc_invented")
    assert gateway.sent_keys == [None, "Bearer rc_invented", "Bearer rc_invented"]
    config = Config.from_environ({"ROLLCALL_API_KEY": "rc_invented"})
    assert config.gateway_key == "rc_invented"
    assert "rc_invented" not in repr(config)
