"""The store of several fetchers: Redis, each decision a compare-and-swap of the state by a short script.

The time is the Redis server's own, so fetchers need not agree on theirs. A Redis that lost its data, or came back with
older ones, is recognised by whoever had seen more (in memory, or in a small file beside the ledger's key), and every
window then counts as spent. An empty Redis that no fetcher has met before is a new installation.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fetcher.errors import StoreUnavailable
from fetcher.limiter import redis_scripts as scripts
from fetcher.limiter.state import State, from_text, to_text
from fetcher.limiter.store import LOST, Change, Fresh, LedgerRow

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
_TIMEOUT_S = 5.0
_SLOW_S, _AWAY_S = 0.2, 1.0
"""After a failure that took longer than the first nobody tries again for the second: requests would pile up."""
_MOST_TRIES = 200
_FRESH_S = 0.5


class _Held(NamedTuple):
    """A state as it was met: its text and version, the server's time then, and ours (monotonic)."""

    state: State
    text: str
    version: str
    server_time: float
    read_at: float


class RedisStore:
    """`name` keeps installations on one server apart. `now` replaces the server's clock where time is simulated."""

    one_clock = True

    def __init__(
        self, url: str, name: str, *, marker: Path | None = None, now: Callable[[], float] | None = None
    ) -> None:
        self._client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        # redis-py leaves its sockets to the garbage collector, which may find them open.
        weakref.finalize(self, self._client.close)
        tag = f"{{rollcall:{name}}}"
        self._about, self._states, self._ledger, self._times, self._claims = (
            f"{tag}:{part}" for part in ("about", "states", "ledger", "ledger-times", "claims")
        )
        self._cache = [f"{tag}:{part}" for part in ("cache", "cache-expiry", "cache-age")]
        self._now = now
        self._marker = marker
        self._lock = threading.Lock()
        self._scripts = {text: self._client.register_script(text) for text in _all_scripts()}
        self._known: dict[str, _Held] = {}
        self._server: str | None = None
        self._away_until = 0.0
        self.lost_at: float | None = None
        self._marked = ""
        self._id, self._seen = self._read_marker()
        # A server that is away at our start is met at the first use; until then nothing is granted.
        with suppress(StoreUnavailable), self._reaching():
            self._install()

    def now(self) -> float:
        """The server's time."""
        if self._now is not None:
            return self._now()
        with self._reaching():
            seconds, micros = self._client.time()
            return float(seconds) + float(micros) / 1e6

    def clock_id(self) -> str:
        """The server process whose clock it is."""
        return self._server or ""

    def change(self, key: str, fresh: Fresh, change: Change[Result]) -> Result:
        """Apply `change` to the state under `key`; it may be called several times."""
        return self._swap(key, fresh, change, lambda _: ("", "", "", "", "", ""))

    def grant(self, key: str, fresh: Fresh, change: Change[Result], row: Callable[[float], LedgerRow]) -> Result:
        """As `change`; a stored state is a grant, and the row enters the ledger with it."""

        def entered(now: float) -> tuple[str, ...]:
            entry = row(now)
            fields = {
                "token": entry.token, "granted_at": now, "platform": entry.platform, "method": entry.method,
                "credential": entry.credential, "accounts": " ".join(entry.accounts), "cost": entry.cost,
                "wait_s": entry.wait_s, "outcome": None, "ended_at": None,
            }  # fmt: skip
            return entry.token, json.dumps(fields), repr(now), "", "", ""

        return self._swap(key, fresh, change, entered)

    def settle(self, key: str, fresh: Fresh, change: Change[Result], *, token: str, outcome: str) -> Result:
        """As `change`, and the ledger's row of `token` gets its outcome."""
        return self._swap(key, fresh, change, lambda now: ("", "", "", token, outcome, repr(now)))

    def ledger(self) -> list[dict[str, object]]:
        """Every row, oldest first."""
        with self._reaching():
            rows: list[dict[str, object]] = [json.loads(row) for row in self._client.hvals(self._ledger)]
        return sorted(rows, key=lambda row: float(str(row["granted_at"])))

    def prune(self, *, ledger_s: float) -> None:
        """Forget old ledger rows, expired answers and claims."""
        now = self.now()
        keys = [*self._cache, self._ledger, self._times, self._claims]
        self._run(scripts.PRUNE, keys, [repr(now), repr(now - ledger_s)])

    def cached(self, keys: Sequence[str]) -> dict[str, str]:
        """The documents under `keys` that have not expired."""
        found = self._run(scripts.CACHED, self._cache, [repr(self.now()), *keys])
        return {key: document for key, document in zip(keys, found, strict=False) if document}

    def remember(self, documents: Mapping[str, tuple[str, float]], *, most: int) -> None:
        """Keep each document until its time; beyond `most` of them the oldest go."""
        arguments = [repr(self.now()), str(most)]
        for key, (document, expires_at) in documents.items():
            arguments += [key, document, repr(expires_at)]
        self._run(scripts.REMEMBER, self._cache, arguments)

    def forget(self, keys: Sequence[str]) -> None:
        """Drop documents."""
        with self._reaching():
            if keys:
                self._client.hdel(self._cache[0], *keys)
                self._client.zrem(self._cache[1], *keys)
                self._client.zrem(self._cache[2], *keys)

    def claim(self, keys: Sequence[str], owner: str, seconds: float) -> set[str]:
        """Those of `keys` that nobody else claims."""
        now = self.now()
        return set(self._run(scripts.CLAIM, [self._claims], [repr(now), owner, repr(now + seconds), *keys]))

    def release(self, keys: Sequence[str], owner: str) -> None:
        """Give back what the owner claimed."""
        self._run(scripts.RELEASE, [self._claims], [owner, *keys])

    def _swap(
        self, key: str, fresh: Fresh, change: Change[Result], extra: Callable[[float], tuple[str, ...]]
    ) -> Result:
        keys = [self._about, self._states, self._ledger, self._times]
        held = self._recent(key)
        for _ in range(_MOST_TRIES):
            if self._server is None:
                with self._reaching():
                    self._install()
                held = None
            is_guess = held is not None
            if held is None:
                answer = self._run(scripts.READ, keys[:2], [self._id, str(self._seen), key])
                if answer[0] == "lost":
                    with self._reaching():
                        self._install()
                    continue
                held = self._held(key, answer, fresh)
            now = self._time(held)
            after, result = change(held.state, now)
            if after is None and not is_guess:
                self._known[key] = held
                return result
            if after is None:
                held = None  # Others may have changed what we remember, so a refusal is looked at again.
                continue
            new = to_text(after)
            answer = self._run(scripts.SWAP, keys, [self._id, str(self._seen), key, held.version, new, *extra(now)])
            if answer[0] == "ok":
                grants, version, seconds, micros = answer[1:]
                self._known[key] = _Held(after, new, version, _time(seconds, micros), time.monotonic())
                self._saw(int(grants))
                return result
            if answer[0] == "lost":
                with self._reaching():
                    self._install()
                held = None
            else:
                held = self._held(key, answer, fresh)
        raise StoreUnavailable("Too many fetchers change the same state at once.")

    def _recent(self, key: str) -> _Held | None:
        """What we stored or read a moment ago; if nobody has changed it since, one round trip is enough."""
        held = self._known.get(key)
        return held if held is not None and time.monotonic() - held.read_at < _FRESH_S else None

    def _time(self, held: _Held) -> float:
        """The server's time: what it said last, and what has passed since then."""
        return held.server_time + time.monotonic() - held.read_at if self._now is None else self._now()

    def _held(self, key: str, answer: Any, fresh: Fresh) -> _Held:
        _, text, version, seconds, micros, lost_at = answer
        known = self._known.get(key)
        if text is None:
            state = fresh(None if lost_at is None else float(lost_at))
        else:
            state = known.state if known is not None and known.text == text else self._read(text)
        return _Held(state, text or "", version, _time(seconds, micros), time.monotonic())

    @staticmethod
    def _read(text: str) -> State:
        try:
            return from_text(text)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("The store holds a state that cannot be read.") from error

    def _run(self, script: str, keys: Sequence[str], arguments: Sequence[str]) -> Any:
        with self._reaching():
            return self._scripts[script](keys=list(keys), args=list(arguments))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        if time.monotonic() < self._away_until:
            raise StoreUnavailable("Redis could not be reached a moment ago")
        began = time.monotonic()
        try:
            yield
        except (redis.RedisError, OSError, ValueError) as error:
            if time.monotonic() - began > _SLOW_S:
                # The connections that wait lead to the same server: each would fail once more when it is back.
                self._client.connection_pool.disconnect(inuse_connections=False)
                self._away_until = time.monotonic() + _AWAY_S
            self._server = None
            self._known.clear()
            raise StoreUnavailable(f"Redis cannot be used: {type(error).__name__}") from error

    def _install(self) -> None:
        """Meet the server: know its installation, or become its first one, and notice what was lost."""
        with self._lock:
            server = str(self._client.info("server")["run_id"])
            now = self.now()
            arguments = [self._id, uuid4().hex, str(self._seen), repr(now)]
            found, grants, lost_at = self._scripts[scripts.INSTALL](keys=[self._about, self._states], args=arguments)
            self.lost_at = None if lost_at is None else float(lost_at)
            if self.lost_at == now:
                _log.error(LOST)
            self._id, self._server, self._seen = found, server, int(grants)
            self._known.clear()
        self._saw(int(grants))

    def _saw(self, grants: int) -> None:
        with self._lock:
            if grants <= self._seen and self._marked == self._id:
                return
            self._seen, self._marked = max(grants, self._seen), self._id
            if self._marker is not None:
                self._mark(self._marker, f"{self._id} {self._seen}")

    @staticmethod
    def _mark(marker: Path, text: str) -> None:
        """Take down what was seen; Redis holds the grant already, so that a full disk here stops nothing."""
        written = marker.with_name(marker.name + ".new")
        try:
            written.write_text(text)
            written.replace(marker)
        except OSError as error:
            _log.warning("the marker of Redis cannot be written", extra={"error": str(error.strerror)})

    def _read_marker(self) -> tuple[str, int]:
        if self._marker is None or not self._marker.exists():
            return "", 0
        found = self._marker.read_text().split()
        return (found[0], int(found[1])) if len(found) == 2 and found[1].isdigit() else ("", 0)


def _all_scripts() -> list[str]:
    return [
        scripts.INSTALL, scripts.READ, scripts.SWAP, scripts.CACHED, scripts.REMEMBER, scripts.PRUNE, scripts.CLAIM,
        scripts.RELEASE,
    ]  # fmt: skip


def _time(seconds: str, micros: str) -> float:
    return float(seconds) + float(micros) / 1e6
