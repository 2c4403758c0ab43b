"""Scores files of any size: chunks are read, transformed and asked about side by side and written in order.

Memory is bounded by the chunks under way. A job that is killed goes on behind the last chunk that was written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from gateway.offline.files.arrow_columns import read_rows
from gateway.offline.files.chunks import Chunk, read_chunks
from gateway.offline.files.inputs import Input, fingerprint
from gateway.offline.files.journal import Journal, Progress
from gateway.offline.files.outputs import output_to
from gateway.offline.files.results import SCHEMA, WITH_USERNAMES, to_table
from gateway.offline.scores import Predict, score_features
from gateway.prediction import Version
from gateway.prevalence import Prevalence

WORKERS = 3
"""Two cores' worth of reading and transforming, while a third waits for the model."""
UNDER_WAY = 2 * WORKERS
"""Chunks in memory at once."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `of`-th chunk, beginning with `index` (from 0)."""

    index: int = 0
    of: int = 1

    def holds(self, ordinal: int) -> bool:
        """Whether the chunk of that number is this shard's."""
        return ordinal % self.of == self.index

    def path(self, path: Path) -> Path:
        """Where this shard's part of the results goes."""
        if self.of == 1:
            return path
        return path.with_name(f"{path.stem}-{self.index:05d}-of-{self.of:05d}{path.suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`inputs` scored by `predict`, which asks `version`, into `out`."""

    inputs: Sequence[Input]
    out: Path
    version: Version
    predict: Predict
    prevalence: Prevalence = field(default_factory=Prevalence)
    shard: Shard = Shard()
    usernames: bool = False

    @property
    def _journal(self) -> Journal:
        return Journal(self.out.with_name(self.out.name + ".progress"))

    def begun(self) -> bool:
        """Whether there is something to go on from."""
        return self._journal.read(self._identity()) is not None

    def forget(self) -> None:
        """Begin anew, whatever was done before."""
        self._journal.remove()

    def run(self, now: datetime, tell: Callable[[int], None] = lambda _: None) -> Progress:
        """Score to the end; `tell` gets the bytes of records that were passed since the last call.

        Raises OtherJob, UnreadableDocument, OSError and ModelUnavailableError; what was written until then is kept.
        """
        journal = self._journal
        progress = journal.read(self._identity()) or Progress(job=self._identity(), begun_at=now.isoformat())
        begun_at = datetime.fromisoformat(progress.begun_at)
        output = output_to(self.out, WITH_USERNAMES if self.usernames else SCHEMA)
        output.open(progress.chunks, progress.size)
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="score")
        try:
            for table, refused in _in_order(self._chunks(progress.chunks, tell), self._scorer(begun_at), pool, tell):
                size = output.add(table)
                progress = progress.after(size=size, records=len(table), refused=refused)
                journal.write(progress)
        finally:
            pool.shutdown(cancel_futures=True)
        output.finish()
        journal.remove()
        return progress

    def _identity(self) -> dict[str, Any]:
        return {
            "inputs": fingerprint(self.inputs),
            "shard": [self.shard.index, self.shard.of],
            "model version": self.version.number,
            "prevalence": {platform: dict(shares) for platform, shares in self.prevalence.of_platform.items()},
            "usernames": self.usernames,
        }

    def _chunks(self, done: int, tell: Callable[[int], None]) -> Iterator[Chunk]:
        """This shard's chunks behind the first `done` of it."""
        ordinal = mine = 0
        for source in self.inputs:
            for chunk in read_chunks(source):
                if self.shard.holds(ordinal):
                    mine += 1
                    if mine > done:
                        yield chunk
                        ordinal += 1
                        continue
                ordinal += 1
                tell(len(chunk.content))

    def _scorer(self, now: datetime) -> Callable[[Chunk], tuple[pa.Table, int]]:
        schema = WITH_USERNAMES if self.usernames else SCHEMA

        def score(chunk: Chunk) -> tuple[pa.Table, int]:
            rows, refused = read_rows(chunk, now)
            scores = score_features(rows.features, self.predict, self.version, self.prevalence)
            table = to_table(chunk.input.name, rows, scores, refused, version=self.version.number, schema=schema)
            return table, len(refused) + int(scores.empty.sum())

        return score


def _in_order(
    chunks: Iterator[Chunk],
    score: Callable[[Chunk], tuple[pa.Table, int]],
    pool: ThreadPoolExecutor,
    tell: Callable[[int], None],
) -> Iterator[tuple[pa.Table, int]]:
    """Every chunk's result in the order of the chunks, of which `UNDER_WAY` are in work at most."""
    waiting: deque[tuple[int, Future[tuple[pa.Table, int]]]] = deque()
    for chunk in chunks:
        waiting.append((len(chunk.content), pool.submit(score, chunk)))
        if len(waiting) >= UNDER_WAY:
            yield _taken(waiting, tell)
    while waiting:
        yield _taken(waiting, tell)


def _taken(
    waiting: deque[tuple[int, Future[tuple[pa.Table, int]]]], tell: Callable[[int], None]
) -> tuple[pa.Table, int]:
    size, future = waiting.popleft()
    result = future.result()
    tell(size)
    return result
