"""Traffic between versions, which belongs to the gateway: asked and changed through its operator's API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 5.0
PATH = "/api/v1/model/traffic"


class GatewayError(Exception):
    """The gateway did not answer or refused; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """`canary_share` from 0 to 1; `note`: what it comes to, and why the canary was rolled back, if it was."""

    canary_share: float
    note: str


def read_traffic(gateway: str, key: str | None = None) -> Traffic:
    """Who answers now; `gateway` is its base address, `key` the API key where it asks for one. Raises GatewayError."""
    request = urllib.request.Request(gateway + PATH, headers=_key(key))  # noqa: S310 - the configuration checks it.
    return _traffic(_ask(request))


def set_canary_share(gateway: str, share: float, key: str | None = None) -> Traffic:
    """Give the canary `share` of the accounts in every replica of the gateway; raises GatewayError."""
    body = json.dumps({"canary_share": share}).encode()
    headers = {"Content-Type": "application/json"} | _key(key)
    request = urllib.request.Request(gateway + PATH, body, headers, method="PUT")  # noqa: S310 - as above.
    return _traffic(_ask(request))


def _key(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _ask(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - as above.
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise GatewayError(f"{request.full_url} answered {error.code}: {_detail(error.read())}") from error
    except (OSError, ValueError) as error:
        raise GatewayError(f"{request.full_url} does not answer: {error}") from error


def _traffic(document: Any) -> Traffic:
    try:
        back = document.get("rolled_back")
        note = document.get("effect") or ""
        if back:
            note += f" Version {back['version']} was rolled back at {back['at']}: {back['reason']}"
        return Traffic(float(document["canary_share"]), note.strip())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GatewayError(f"The gateway's answer cannot be read: {error!r}") from error


def _detail(body: bytes) -> str:
    """The sentence of a problem document, else its beginning."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode("utf-8", "replace")
