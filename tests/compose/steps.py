"""What the scenarios do with a running system, as its users and operators do it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress

import requests

from tests.compose.stack import Stack

KEYS = "/keys/api-keys.toml"

Say = Callable[[str], None]
"""Prints a figure, whatever pytest does with the output of tests."""


def new_key(stack: Stack, name: str, role: str) -> str:
    """Make one in the folder of the secrets, which belongs to the containers' user."""
    folder = stack.folder / "secrets/gateway"
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, 10001, 10001)
    command = ["rollcall", "keys", "new", name, "--role", role, "--per-minute", "100000", "--file", KEYS]
    return stack.compose("run", "--rm", "-T", "--no-deps", "-v", f"{folder}:/keys", "worker", *command).strip()


def begin_batch(stack: Stack, key: str, name: str, accounts: int) -> str:
    """Store and confirm a list of invented accounts; its id."""
    # A handle of X has 15 letters at most.
    handles = [f"https://x.com/reg_{name}{number}" for number in range(accounts)]
    assert len(name) <= 7
    made = stack.ask("POST", "/api/v1/batches", key, json={"accounts": handles, "name": name})
    assert made.status_code == 201, made.text
    confirmed = stack.ask("POST", f"/api/v1/batches/{made.json()['id']}/confirm", key)
    assert confirmed.status_code == 200, confirmed.text
    return str(made.json()["id"])


def wait_for_batch(stack: Stack, key: str, batch: str, accounts: int, seconds: float) -> None:
    """Wait until it has ended; then every account has one outcome, and each is the right one."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(requests.RequestException):
            found = stack.ask("GET", f"/api/v1/batches/{batch}", key)
            if found.status_code == 200 and found.json()["state"] == "finished":
                break
        assert time.monotonic() < deadline, found.text
        time.sleep(0.3)
    assert found.json()["progress"]["outcomes"] == {"ok": accounts}
    rows = stack.ask("GET", f"/api/v1/batches/{batch}/results.jsonl", key).text.splitlines()
    assert len({json.loads(row)["line"] for row in rows}) == len(rows) == accounts


def classify(stack: Stack, key: str, handle: str) -> requests.Response:
    """Ask for one account of X."""
    return stack.ask("POST", "/api/v1/classify", key, json={"profile": f"https://x.com/{handle}"})


def wait_ready(stack: Stack, seconds: float) -> float:
    """Wait for /readyz; how many seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        with suppress(requests.RequestException):
            if requests.get(stack.url("/readyz"), timeout=5).status_code == 200:
                return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError(f"The gateway was not ready within {seconds:.0f} s.")


def run_keys(stack: Stack, *arguments: str) -> str:
    """`rollcall keys` on the file of the keys; what it prints."""
    folder = stack.folder / "secrets/gateway"
    command = ["rollcall", "keys", *arguments, "--file", KEYS]
    return stack.compose("run", "--rm", "-T", "--no-deps", "-v", f"{folder}:/keys", "worker", *command)


def history(stack: Stack, key: str, handle: str) -> list[object]:
    """The results of an account that the key may see."""
    results: list[object] = stack.ask("GET", f"/api/v1/accounts/x/{handle}/results", key).json()["results"]
    return results
