"""What a worker does with one message: take a chunk, look its accounts up, ask the model once, commit.

Every end of a chunk is a transaction. Where this process dies before it, the lease runs out and the rows are taken
again; the fetcher then answers from its cache what it had fetched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome, Priority
from gateway.batches.answers import scored, unanswered
from gateway.batches.claims import Chunk, Claims, Pause
from gateway.batches.errors import NoMoneyError
from gateway.batches.metrics import BatchMetrics
from gateway.batches.pinned_model import Versions
from gateway.batches.purse import OpenPurse, Purse
from gateway.batches.states import WAITING_OUTCOMES
from gateway.errors import DatabaseUnavailableError, FetcherUnreachableError, ModelUnavailableError, NoVersionError
from gateway.fetcher_client import Fetcher
from gateway.metrics import Metrics

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Times in seconds. `deadline_s` bounds one request to the fetcher."""

    deadline_s: float = 20.0
    away_s: float = 2.0
    """Nothing is asked for so long while the fetcher or the model is away."""
    least_s: float = 0.5
    """A limit is never waited for shorter."""
    version_missing_s: float = 60.0
    """A version that is missing for longer is gone; servers that start may load it last."""
    retry_s: tuple[float, ...] = (5.0, 30.0)
    """Waits before an account without a usable answer is asked for again; after the last it has its outcome."""


class Runner:
    """One `step` at a time in each thread; safe to share. `purse` pays for the lookups."""

    def __init__(
        self,
        claims: Claims,
        fetcher: Fetcher,
        model: Versions,
        metrics: Metrics,
        batch_metrics: BatchMetrics,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
        patience: Patience | None = None,
        purse: Purse | None = None,
    ) -> None:
        self._claims = claims
        self._fetcher = fetcher
        self._model = model
        self._metrics = metrics
        self._batch_metrics = batch_metrics
        self._now = now
        self._clock = clock
        self._patience = patience or Patience()
        self._purse = purse or OpenPurse()

    def step(self) -> bool:
        """Work on one chunk; False where there was none. Never raises: what went wrong is logged and tried again."""
        try:
            chunk = self._claims.take()
        except DatabaseUnavailableError:
            _log.warning("The database does not answer; the work is tried again.")
            return False
        if chunk is None:
            return False
        began, outcome = self._clock(), "error"
        self._batch_metrics.chunk_accounts.observe(len(chunk.refs))
        try:
            outcome = self._work(chunk)
        except DatabaseUnavailableError:
            _log.warning("A chunk could not be committed; its lease runs out and it is taken again.")
        except Exception:  # noqa: BLE001 - One chunk that fails must not end the work on all others.
            _log.exception("A chunk failed.")
            self._give_back(chunk)
        finally:
            self._batch_metrics.chunk_seconds.labels(outcome).observe(self._clock() - began)
        return True

    def _work(self, chunk: Chunk) -> str:
        try:
            # The model comes first: without it requests to a platform would be spent for nothing.
            version = self._model.version(chunk.model_version, chunk.claim)
            self._claims.model_found(chunk)
            results = self._fetched(chunk, frozenset(version.description.wants.get(chunk.platform.value, ())))
            profiles = {number: result for number, result in results.items() if result.outcome is Outcome.OK}
            done = scored(profiles, self._model, version, chunk.claim, self._metrics, explain=chunk.explain)
        except NoVersionError as error:
            return self._no_version(chunk, error)
        except ModelUnavailableError as error:
            self._claims.settle(chunk, pause=self._away(error))
            return "no-model"
        except FetcherUnreachableError as error:
            self._claims.settle(chunk, pause=self._away(error))
            return "no-fetcher"
        except NoMoneyError as error:
            return self._no_money(chunk, error)
        return self._settle(chunk, results, done)

    def _fetched(self, chunk: Chunk, wanted: frozenset[str]) -> Mapping[int, AccountResult]:
        """The results of the accounts that there is money for, the first of the chunk; the others wait."""
        with self._purse.lookups(chunk.owner, chunk.platform, len(chunk.refs)) as bill:
            refs = dict(islice(chunk.refs.items(), bill.lookups))
            request = FetchRequest(
                accounts=tuple(refs.values()),
                priority=Priority.BATCH,
                deadline_s=self._patience.deadline_s,
                include=wanted & {ACTIVITY},
                ticket=chunk.ticket,
                client=chunk.batch_id,
            )
            results = self._fetcher.profiles(request, chunk.claim)
            bill.usd = sum(result.cost_usd for result in results)
        return dict(zip(refs, results, strict=True))

    def _settle(self, chunk: Chunk, results: Mapping[int, AccountResult], done: list[dict[str, object]]) -> str:
        now, retries = self._now(), self._patience.retry_s
        late = {number: result for number, result in results.items() if result.outcome in WAITING_OUTCOMES}
        again = {}
        ended = []
        for number, result in results.items():
            failed = chunk.attempts[number]
            if result.outcome is Outcome.UPSTREAM_ERROR and failed < len(retries):
                again[number] = (now + retries[failed], failed + 1)
            elif result.outcome is not Outcome.OK and number not in late:
                ended.append((number, result))
        count = self._claims.settle(chunk, done=[*done, *unanswered(ended)], again=again, pause=self._limit(late))
        self._batch_metrics.rows_done.inc(count)
        self._count(chunk, results, done)
        return "waiting" if late else "done"

    def _limit(self, late: Mapping[int, AccountResult]) -> Pause | None:
        """Until when the platform's limit keeps the rest waiting."""
        if not late:
            return None
        now = self._now()
        first = min(late.values(), key=lambda result: result.retry_at.timestamp() if result.retry_at else now + 60)
        until = first.retry_at.timestamp() if first.retry_at else now + 60
        return Pause(max(until, now + self._patience.least_s), first.detail[:400], first.ticket)

    def _away(self, error: Exception) -> Pause:
        return Pause(self._now() + self._patience.away_s, str(error)[:400])

    def _no_version(self, chunk: Chunk, error: NoVersionError) -> str:
        self._claims.settle(chunk, pause=self._away(error))
        note = f"Version {chunk.model_version} of the model is gone. Resume with another version to go on."
        if self._claims.model_missing(chunk, note, self._patience.version_missing_s):
            fields = {"version": chunk.model_version}
            _log.warning("A batch was paused: its version of the model is gone.", extra={"fields": fields})
        return "no-model"

    def _no_money(self, chunk: Chunk, error: NoMoneyError) -> str:
        reason = "What its key may still spend today is held by lookups under way."
        held = Pause(self._now() + self._patience.away_s, reason)
        if self._claims.stop(chunk, str(error)[:400], held):
            _log.info("A batch was paused: its key has no money left.")
        return "no-money"

    def _give_back(self, chunk: Chunk) -> None:
        """Try the chunk again later, not at once: whatever it holds that fails must not keep a worker busy."""
        sentence = "The work on this batch met a fault; the log has more."
        reason = Pause(self._now() + 10 * self._patience.away_s, sentence)
        try:
            self._claims.settle(chunk, pause=reason)
        except DatabaseUnavailableError:
            _log.warning("A chunk could not be given back; its lease runs out and it is taken again.")

    def _count(self, chunk: Chunk, results: Mapping[int, AccountResult], done: list[dict[str, object]]) -> None:
        platform = chunk.platform.value
        for result in results.values():
            self._metrics.accounts.labels(platform, result.outcome.value).inc()
        for row in done:
            unsure = str(bool(row["unsure"])).lower()
            self._metrics.answers.labels(platform, row["label"], unsure, str(chunk.model_version)).inc()
