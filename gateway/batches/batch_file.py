"""`rollcall classify --file`: a list of accounts as a batch of the gateway, from its plan to its results.

The batch lives in the gateway: whoever runs the same command again gets the same batch (by the file's digest as the
idempotency key) and goes on watching it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import urllib3

_TYPES = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
}
_RESULTS = {".csv": "results.csv", ".jsonl": "results.jsonl"}
_ENDED = frozenset({"finished", "cancelled"})
_TIMEOUT_S = 60.0
_LOOK_S = 1.0


class BatchFile:
    """The batch of one file at the gateway at `url`; `sleep` waits some seconds between two looks."""

    def __init__(self, url: str, key: str | None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = f"{url}/api/v1/batches"
        self._pool = urllib3.PoolManager(retries=False, headers={"Authorization": f"Bearer {key}"} if key else None)
        self._sleep = sleep

    def run(self, path: Path, out: Path, platform: str | None, *, agreed: bool) -> int:
        """Plan, confirm unless `agreed`, watch, and write the results; how many accounts have no answer.

        Raises click.ClickException.
        """
        kind, results = _TYPES.get(path.suffix.lower()), _RESULTS.get(out.suffix)
        if kind is None:
            raise click.UsageError(f"The list must end in {', '.join(_TYPES)}.")
        if results is None:
            raise click.UsageError(f"--out must end in {', '.join(_RESULTS)}.")
        batch = self._create(path, kind, platform)
        if batch["state"] == "planned":
            click.echo(_plan(batch), err=True)
            if not agreed:
                click.confirm("Begin?", abort=True, err=True)
            batch = self._ask("POST", f"/{batch['id']}/confirm")
        elif batch["state"] == "paused":
            batch = self._ask("POST", f"/{batch['id']}/resume")
        batch = self._watch(batch)
        content = self._fetch("GET", f"/{batch['id']}/{results}").data
        draft = out.with_name(out.name + ".partial")
        draft.write_bytes(content)
        draft.replace(out)
        return int(batch["rows"]) - int(batch["progress"]["outcomes"].get("ok", 0))

    def _create(self, path: Path, kind: str, platform: str | None) -> dict[str, Any]:
        content = path.read_bytes()
        digest = hashlib.sha256(b"\n".join([(platform or "").encode(), kind.encode(), content])).hexdigest()
        query = {"name": path.name[:200]} | ({"platform": platform} if platform else {})
        headers = {"Content-Type": kind, "Idempotency-Key": digest}
        batch = self._ask("POST", f"?{urlencode(query)}", body=content, headers=headers)
        for line in batch.get("refused", []):
            click.echo(f"line {line['line']}: {line['detail']}", err=True)
        return batch

    def _watch(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = 0
        with click.progressbar(length=batch["rows"], label="Classifying", file=sys.stderr) as bar:
            while True:
                now_done = batch["progress"]["rows"]["done"]
                bar.update(now_done - done)
                done = now_done
                if batch["state"] in _ENDED:
                    return batch
                if batch["state"] == "paused":
                    raise click.ClickException("The batch was paused; the same command goes on with it.")
                self._sleep(_LOOK_S)
                batch = self._ask("GET", f"/{batch['id']}")

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = json.loads(self._fetch(method, path, **more).data)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise click.ClickException(f"{self._url} gives no usable answer; is it the gateway?")
        return answer

    def _fetch(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        try:
            all_headers = {**self._pool.headers, **(headers or {})}
            response = self._pool.request(
                method, self._url + path, body=body, headers=all_headers, timeout=_TIMEOUT_S, redirect=False
            )
        except urllib3.exceptions.HTTPError:
            raise click.ClickException(f"{self._url} gives no usable answer; is the gateway running?") from None
        if response.status >= 300:
            raise click.ClickException(_problem(response))
        return response


def _problem(response: urllib3.BaseHTTPResponse) -> str:
    try:
        problem = json.loads(response.data)
        return str(problem.get("detail") or problem.get("title"))
    except (ValueError, AttributeError):
        return f"The gateway answered with status {response.status}."


def _plan(batch: dict[str, Any]) -> str:
    plan = batch.get("plan") or {}
    refused = f", {batch['bad_lines']} lines refused" if batch.get("bad_lines") else ""
    twice = f", {batch['duplicates']} named twice" if batch.get("duplicates") else ""
    cost = "".join(f", {word}: {plan[name]}" for name, word in _PLANNED.items() if plan.get(name) is not None)
    return f"{batch['rows']} accounts{refused}{twice}{cost}"


_PLANNED = {"cached": "known already", "requests": "requests", "usd": "dollars", "finish_at": "ready about"}
