"""Fills the model store from the versions that the project ships, and says what to serve when nothing does yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from contracts.model import MODEL_NAME, STABLE
from serving.history import SEED, History, Move
from serving.manifest import read_manifest, verify
from serving.store import Served, Store, StoreError


def seed(store: Store, shipped: Path, now: datetime) -> Iterator[str]:
    """Copy the shipped versions that the store lacks; the highest becomes `stable` only in a store without any.

    Yields one line for each thing done. Raises StoreError and DamagedVersion.
    """
    source = Store(shipped)
    with store.locked():
        for number in source.versions():
            folder = source.models / str(number)
            if number not in store.versions():
                verify(folder)
                store.publish(folder, number)
                yield f"Version {number} copied into {store.models}."
            elif read_manifest(folder) != read_manifest(store.models / str(number)):
                yield f"Version {number} in {store.models} is not the one that is shipped; it was left as it is."
        if store.served() is None:
            versions = store.versions()
            if not versions:
                raise StoreError(f"There is no version in {source.models} nor in {store.models}: train one first.")
            labels = {STABLE: versions[-1]}
            store.write(Served(frozenset(versions[-1:]), labels))
            History(store.folder).add(Move(now, SEED, labels))
            yield f"{MODEL_NAME} serves version {versions[-1]}."
