"""A random sample of a batch that people label by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from contracts.model import CLASSES
from gateway.batches.agreement import Reviewed, judged
from gateway.batches.batch import Batch
from gateway.batches.errors import InvalidChoiceError, NoSuchBatchError, WrongStateError
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows, samples

MOST_DRAWN = 1_000
UNCLEAR = "unclear"
"""What a reviewer says who cannot tell; it counts as not the model's label."""
LABELS = (*CLASSES, UNCLEAR)


class Reviews:
    """Draws samples and takes labels."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    def draw(self, batch: Batch, size: int, seed: int, *, replace: bool = False) -> int:
        """Draw `size` of the accounts with an answer, the same ones for the same seed; gives how many there are.

        Raises WrongStateError where nothing has an answer, or where another sample was labelled and is not to be
        replaced.
        """
        with self._store.writing() as connection:
            drawn = connection.execute(sa.select(samples).where(samples.c.batch_id == batch.id)).all()
            if drawn and {row.seed for row in drawn} == {seed} and len(drawn) == size and not replace:
                return size
            if any(row.label_1 or row.label_2 for row in drawn) and not replace:
                raise WrongStateError("The sample was labelled in part; a new one must be asked to replace it.")
            answered = sa.select(rows.c.number).where(rows.c.batch_id == batch.id, rows.c.label.is_not(None))
            numbers = list(connection.execute(answered.order_by(rows.c.number)).scalars())
            if not numbers:
                raise WrongStateError("No account of this batch has an answer that could be reviewed.")
            # Not a secret: everybody who knows the seed can draw the same sample.
            chosen = random.Random(seed).sample(numbers, min(size, len(numbers)))  # noqa: S311
            connection.execute(sa.delete(samples).where(samples.c.batch_id == batch.id))
            connection.execute(
                sa.insert(samples),
                [
                    {"batch_id": batch.id, "number": number, "place": place, "seed": seed}
                    for place, number in enumerate(chosen, 1)
                ],
            )
        return len(chosen)

    def sample(self, batch: Batch) -> Sequence[sa.RowMapping]:
        """The rows of the sample in their order, each with `place`, `seed`, `label_1` and `label_2`."""
        same = (rows.c.batch_id == samples.c.batch_id) & (rows.c.number == samples.c.number)
        drawn = (samples.c.place, samples.c.seed, samples.c.label_1, samples.c.label_2)
        query = (
            sa.select(rows, *drawn)
            .select_from(sa.join(samples, rows, same))
            .where(samples.c.batch_id == batch.id, rows.c.label.is_not(None))
        )
        with self._store.reading() as connection:
            return connection.execute(query.order_by(samples.c.place)).mappings().all()

    def label(self, batch: Batch, place: int, reviewer: int, label: str | None) -> None:
        """What reviewer 1 or 2 says of the account at `place`, None to take it back.

        Raises InvalidChoiceError or NoSuchBatchError.
        """
        if label is not None and label not in LABELS:
            raise InvalidChoiceError(f"A label must be one of {', '.join(LABELS)}.")
        if reviewer not in (1, 2):
            raise InvalidChoiceError("A reviewer is 1 or 2.")
        here = (samples.c.batch_id == batch.id) & (samples.c.place == place)
        with self._store.writing() as connection:
            said = sa.update(samples).where(here).values({f"label_{reviewer}": label})
            if not connection.execute(said).rowcount:
                raise NoSuchBatchError("There is no such place in the sample of this batch.")

    def judged(self, batch: Batch) -> dict[str, Any]:
        """Precision by class and agreement, by what was labelled so far."""
        found = self.sample(batch)
        return judged([Reviewed(row["label"], (row["label_1"], row["label_2"])) for row in found])
