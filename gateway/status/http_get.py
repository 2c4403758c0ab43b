"""Short questions to the metrics of other processes; no answer is an answer too."""

from __future__ import annotations

from typing import Protocol

import urllib3

_MOST_BYTES = 8 << 20


class Get(Protocol):
    """Fetches the body of `url`, None where it cannot be had. Never raises."""

    def __call__(self, url: str) -> bytes | None: ...


class HttpGet:
    """Waits `timeout_s` at most, follows no redirect and takes 8 MB at most."""

    def __init__(self, *, timeout_s: float = 1.0) -> None:
        self._timeout = urllib3.Timeout(total=timeout_s)
        self._pool = urllib3.PoolManager(maxsize=2, retries=False)

    def __call__(self, url: str) -> bytes | None:
        try:
            response = self._pool.request("GET", url, timeout=self._timeout, redirect=False, preload_content=False)
            try:
                body: bytes = response.read(_MOST_BYTES, decode_content=True)
            finally:
                response.release_conn()
        except (urllib3.exceptions.HTTPError, ValueError):
            return None
        return body if response.status == 200 else None
