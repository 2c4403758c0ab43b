"""The client of the fetcher: `POST /profiles` and what it reports about its limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from contracts.fetch_api import MAX_ACCOUNTS, REQUEST_ID_HEADER, AccountResult, FetchRequest, Priority
from contracts.json_fields import InvalidField, read_count, read_list, read_time
from contracts.profile_ref import ProfileRef
from gateway.errors import FetcherUnreachableError
from gateway.metrics import Metrics

_GRACE_S = 2.0
"""The fetcher keeps the request's own deadline; the connection waits this much longer before it gives up."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket stands: how many earlier ones there are, and when to come back (UTC); None where it keeps none."""

    position: int | None = None
    retry_at: datetime | None = None


class Fetcher(Protocol):
    """What the use case needs of the fetcher."""

    def profiles(self, request: FetchRequest, request_id: str) -> list[AccountResult]:
        """One result per account, in order; raises FetcherUnreachableError."""

    def plan(
        self, refs: Sequence[ProfileRef], include: Sequence[str], request_id: str, timeout_s: float
    ) -> dict[str, Any]:
        """What `refs` need when they are asked for as a batch; raises FetcherUnreachableError."""

    def limits(self, request_id: str) -> dict[str, Any]:
        """The fetcher's windows and budgets; raises FetcherUnreachableError."""

    def forget(self, refs: Sequence[ProfileRef], request_id: str) -> int:
        """Drop accounts from its cache; raises FetcherUnreachableError."""

    def place(self, ticket: str, request_id: str) -> Place:
        """Where a ticket stands; raises FetcherUnreachableError."""


class FetcherClient:
    """Speaks HTTP over a pool of kept connections; a lost connection is tried once more, a slow answer is not."""

    def __init__(self, url: str, metrics: Metrics, *, connections: int = 16) -> None:
        self._metrics = metrics
        self._base = urllib3.util.parse_url(url).path or ""
        # The pool of the one host: finding it anew for each request would cost a third of what urllib3 does for one.
        self._pool = urllib3.connection_from_url(url, maxsize=connections, retries=False)

    def profiles(self, request: FetchRequest, request_id: str) -> list[AccountResult]:
        """One result per account, in order; raises FetcherUnreachableError."""
        answer = self._call("POST", "/profiles", request_id, request.deadline_s + _GRACE_S, request.to_json())
        try:
            results = [AccountResult.from_json(each) for each in read_list(answer.get("results"), "results", 1000)]
        except InvalidField as error:
            raise FetcherUnreachableError("The fetcher gave an answer that cannot be read.") from error
        if [result.ref for result in results] != list(request.accounts):
            raise FetcherUnreachableError("The fetcher answered for other accounts than were asked for.")
        return results

    def plan(
        self, refs: Sequence[ProfileRef], include: Sequence[str], request_id: str, timeout_s: float
    ) -> dict[str, Any]:
        """What `refs` need when they are asked for as a batch; raises FetcherUnreachableError."""
        body = {
            "accounts": [ref.to_json() for ref in refs],
            "priority": Priority.BATCH.value,
            "include": list(include),
        }
        return self._call("POST", "/plan", request_id, timeout_s, body)

    def limits(self, request_id: str) -> dict[str, Any]:
        """The fetcher's windows and budgets; raises FetcherUnreachableError."""
        return self._call("GET", "/limits", request_id, _GRACE_S)

    def place(self, ticket: str, request_id: str) -> Place:
        """Where a ticket stands; raises FetcherUnreachableError."""
        answer = self._call("GET", f"/tickets/{quote(ticket, safe='')}", request_id, _GRACE_S, operation="tickets")
        position, retry_at = answer.get("position"), answer.get("retry_at")
        try:
            return Place(
                position=None if position is None else read_count(position, "position"),
                retry_at=None if retry_at is None else read_time(retry_at, "retry_at"),
            )
        except InvalidField as error:
            raise FetcherUnreachableError("The fetcher gave an answer that cannot be read.") from error

    def get(self, path: str, request_id: str, timeout_s: float = _GRACE_S) -> dict[str, Any]:
        """Any other report of the fetcher; raises FetcherUnreachableError."""
        return self._call("GET", path, request_id, timeout_s)

    def forget(self, refs: Sequence[ProfileRef], request_id: str) -> int:
        """Drop accounts from the fetcher's cache; how many names were given. Raises FetcherUnreachableError."""
        forgotten = 0
        for start in range(0, len(refs), MAX_ACCOUNTS):
            accounts = [ref.to_json() for ref in refs[start : start + MAX_ACCOUNTS]]
            self._call("POST", "/forget", request_id, _GRACE_S, {"accounts": accounts})
            forgotten += len(accounts)
        return forgotten

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def _call(
        self,
        method: str,
        path: str,
        request_id: str,
        timeout_s: float,
        body: dict[str, Any] | None = None,
        *,
        operation: str | None = None,
    ) -> dict[str, Any]:
        with self._metrics.hop("fetcher", operation or path.strip("/")) as hop:
            try:
                response = self._send(method, path, request_id, timeout_s, body)
            except urllib3.exceptions.HTTPError as error:
                # A refused connection is a kind of timeout to urllib3, but not to the person who reads this.
                refused = isinstance(error, urllib3.exceptions.NewConnectionError)
                slow = isinstance(error, urllib3.exceptions.TimeoutError) and not refused
                hop.outcome = "timeout" if slow else "unreachable"
                sentence = "The fetcher did not answer in time." if slow else "The fetcher cannot be reached."
                raise FetcherUnreachableError(sentence) from error
            hop.outcome = str(response.status)
            if response.status != 200:
                raise FetcherUnreachableError(f"The fetcher refused the request with status {response.status}.")
            try:
                answer = json.loads(response.data)
            except ValueError as error:
                hop.outcome = "unreadable"
                raise FetcherUnreachableError("The fetcher gave an answer that cannot be read.") from error
            if not isinstance(answer, dict):
                hop.outcome = "unreadable"
                raise FetcherUnreachableError("The fetcher gave an answer that cannot be read.")
            return answer

    def _send(
        self, method: str, path: str, request_id: str, timeout_s: float, body: dict[str, Any] | None
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=min(1.0, timeout_s), total=timeout_s)
        headers, content = {REQUEST_ID_HEADER: request_id}, None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        for attempt in (1, 2):
            try:
                return self._pool.urlopen(
                    method, self._base + path, body=content, headers=headers, timeout=timeout, redirect=False
                )
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ProtocolError):
                # A kept connection may have been closed just then; asking for a profile twice does no harm.
                if attempt == 2:
                    raise
        raise AssertionError("The loop returns or raises.")
