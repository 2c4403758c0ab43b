"""How far a job has come, beside its results: what a killed job goes on from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


class OtherJob(Exception):  # noqa: N818 - it is what was found.
    """What was begun here is not this job; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`chunks` of this job are in the results, which they make `size` bytes long; `records` and `refused` count rows.

    `job` is what must be the same for going on: inputs, shard, version, shares. `begun_at` (ISO 8601) is the time of
    collection of records that state none.
    """

    job: dict[str, Any]
    begun_at: str
    chunks: int = 0
    size: int = 0
    records: int = 0
    refused: int = 0

    def after(self, *, size: int, records: int, refused: int) -> Progress:
        """One chunk more."""
        return replace(
            self,
            chunks=self.chunks + 1,
            size=size,
            records=self.records + records,
            refused=self.refused + refused,
        )


class Journal:
    """One small file that is replaced as a whole, so that it is never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, job: dict[str, Any]) -> Progress | None:
        """How far `job` had come, None where it was not begun; raises OtherJob."""
        try:
            progress = Progress(**json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise OtherJob(f"{self._path} cannot be read; begin anew with --restart.") from None
        for name, wanted in job.items():
            if progress.job.get(name) != wanted:
                raise OtherJob(
                    f"{self._path} belongs to a job with another {name}; begin anew with --restart, "
                    "or name another file for the results."
                )
        return progress

    def write(self, progress: Progress) -> None:
        """Put `progress` in the place of what was known."""
        draft = self._path.with_name(self._path.name + ".draft")
        draft.write_text(json.dumps(asdict(progress)))
        draft.replace(self._path)

    def remove(self) -> None:
        """The job is done."""
        self._path.unlink(missing_ok=True)
