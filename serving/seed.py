"""Fills the model store from the versions that the project ships, and says what to serve when nothing does yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from contracts.features import SCHEMA_VERSION
from contracts.model import MODEL_NAME, STABLE
from serving.history import SEED, History, Move
from serving.manifest import read_manifest, verify
from serving.store import Served, Store, StoreError


def seed(store: Store, shipped: Path, now: datetime) -> Iterator[str]:
    """Copy the shipped versions that the store lacks, and see to it that `stable` can answer this release.

    The highest version of this release's feature schema becomes `stable` in a store without any, or after an upgrade
    that the old one cannot answer; otherwise labels are the operator's. Yields one line for each thing done. Raises
    StoreError and DamagedVersion.
    """
    source = Store(shipped)
    with store.locked():
        yield from _copy(source, store)
        fitting = [number for number in store.versions() if _schema(store, number) == SCHEMA_VERSION]
        served = store.served()
        stable = None if served is None else served.labels.get(STABLE)
        if stable in fitting:
            return
        if not fitting:
            raise StoreError(
                f"There is no version of feature schema {SCHEMA_VERSION} in {source.models} nor in {store.models}: "
                "train one first."
            )
        if stable is not None:
            yield f"Version {stable} was made for another feature schema than this release's."
        labels = {STABLE: fitting[-1]}
        store.write(Served(frozenset(fitting[-1:]), labels))
        History(store.folder).add(Move(now, SEED, labels))
        yield f"{MODEL_NAME} serves version {fitting[-1]}."


def _copy(source: Store, store: Store) -> Iterator[str]:
    """Publish what is shipped and not there under any number; a number that is taken gives way to the next free one."""
    there = [read_manifest(store.models / str(number)) for number in store.versions()]
    for number in source.versions():
        folder = source.models / str(number)
        if read_manifest(folder) in there:
            continue
        verify(folder)
        taken = store.versions()
        free = taken[-1] + 1 if number in taken else number
        store.publish(folder, free)
        yield f"Version {number} copied into {store.models}" + (f" as {free}." if free != number else ".")


def _schema(store: Store, number: int) -> int | None:
    return read_manifest(store.models / str(number)).schema_version
