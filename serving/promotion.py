"""Moves labels between versions without a moment in which nothing answers.

Every step writes the configuration file first and tells the replicas after, and the file always names versions that
stand in the store. So whatever crashes when, the replicas go on with what they have, a replica that starts reads a
configuration that works, and running the command again finishes the work:

1. check the files (sums, evaluation)
2. load the version beside the live ones, labels unmoved; wait until every replica has it AVAILABLE
3. check what it answers; a version that fails is unloaded again
4. move the label

The version that was stable before stays loaded, so that a rollback is one label.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from contracts.model import CANARY, STABLE
from serving.history import BEGIN_CANARY, END_CANARY, PROMOTE, ROLLBACK, History, Move
from serving.manifest import DamagedVersion, verify
from serving.replicas import Replica, ReplicaError
from serving.store import Served, Store, StoreError
from serving.version_checks import UnfitVersion, check_description, check_evaluation, check_golden, check_signatures

LOAD_TIMEOUT_S = 120.0
STALE_S = 5.0
_POLL_S = 0.1


class PromotionRefused(Exception):  # noqa: N818 - it says what became of it.
    """The label stays where it is; the message says why."""


class Promotion:
    """The commands that move labels. Time comes in by `now`, `monotonic` and `sleep`."""

    def __init__(
        self,
        store: Store,
        servers: Sequence[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        load_timeout_s: float = LOAD_TIMEOUT_S,
    ) -> None:
        self._store, self._servers = store, servers
        self._history = History(store.folder)
        self._now, self._monotonic, self._sleep = now, monotonic, sleep
        self._load_timeout_s = load_timeout_s

    def promote(self, version: int, *, force: bool = False) -> Iterator[str]:
        """Make `version` stable; `force` passes over a worse evaluation, nothing else.

        Yields a line for each step done. Raises PromotionRefused and StoreError.
        """
        yield from self._move(STABLE, version, PROMOTE, compare=not force)

    def canary(self, version: int) -> Iterator[str]:
        """Point the label `canary` to `version`, whatever its evaluation; how much traffic it gets is the gateway's."""
        yield from self._move(CANARY, version, BEGIN_CANARY, compare=False)

    def end_canary(self) -> Iterator[str]:
        """Take the label `canary` away."""
        with self._store.locked(), self._replicas() as replicas:
            served = self._served()
            labels = {label: version for label, version in served.labels.items() if label != CANARY}
            self._label(replicas, labels, END_CANARY, served.labels.get(STABLE))
            yield "No version is the canary any more."

    def rollback(self) -> Iterator[str]:
        """Make the version stable that was so before."""
        present = set(self._store.versions())
        # Labels whose command was killed before it wrote the history are in the configuration alone.
        moves = [*self._history.moves(), Move(self._now(), PROMOTE, self._served().labels)]
        earlier = [each for each in History.earlier_than(moves) if each in present]
        if not earlier:
            raise PromotionRefused("There is no earlier stable version in the store to go back to.")
        yield from self._move(STABLE, earlier[0], ROLLBACK, compare=False)

    def prune(self, keep: int) -> Iterator[str]:
        """Remove the versions that are neither served nor among the newest `keep`."""
        with self._store.locked():
            served = self._served()
            for version in self._store.versions()[: -keep or None]:
                if version not in served.versions and version not in served.labels.values():
                    self._store.remove(version)
                    yield f"Version {version} removed."

    def _move(self, label: str, version: int, action: str, *, compare: bool) -> Iterator[str]:
        with self._store.locked(), self._replicas() as replicas:
            served = self._served()
            folder = self._store.version(version)
            live = served.labels.get(STABLE)
            with _refusing(version):
                verify(folder)
                if compare and live is not None and live != version:
                    check_evaluation(folder, self._store.version(live))
            yield f"Version {version}: its files are those of its manifest."
            try:
                with _refusing(version):
                    self._load(replicas, served, version)
                    yield f"Version {version} is loaded on {len(replicas)} server(s)."
                    for replica in replicas:
                        check_signatures(version, replica.signatures(version))
                        check_description(version, replica)
                        check_golden(version, folder, replica)
            except PromotionRefused:
                self._apply(replicas, served, insist=False)
                raise
            yield f"Version {version} fits and gives its golden probabilities."
            self._label(replicas, {**served.labels, label: version}, action, live)
            yield f"{label} is version {version} now."

    def _load(self, replicas: Sequence[Replica], served: Served, version: int) -> None:
        """Load `version` beside the others everywhere; raises UnfitVersion."""
        before = {replica.address: replica.versions().get(version) for replica in replicas}
        self._apply(replicas, Served(served.versions | {version}, served.labels))
        began = self._monotonic()
        for replica in replicas:
            stale = before[replica.address]
            while (status := replica.versions().get(version)) is None or status.state != "AVAILABLE":
                waited_s = self._monotonic() - began
                # A row of an earlier load stays END until the server begins anew, which takes up to two polls.
                if status is not None and status.state == "END" and (status != stale or waited_s > STALE_S):
                    raise UnfitVersion(f"{version} does not load on {replica.address}: {status.error}")
                if waited_s > self._load_timeout_s:
                    raise UnfitVersion(f"{version} was not available on {replica.address} within {waited_s:.0f} s.")
                self._sleep(_POLL_S)

    def _label(self, replicas: Sequence[Replica], labels: Mapping[str, int], action: str, live: int | None) -> None:
        """Move the labels. What they name, the version to roll back to and the one that was `live` stay loaded."""
        move = Move(self._now(), action, labels)
        earlier = History.earlier_than([*self._history.moves(), move])[:1]
        keep = {*labels.values(), *earlier, *([live] if live is not None else [])}
        self._apply(replicas, Served(frozenset(keep & set(self._store.versions())), labels))
        self._history.add(move)

    def _apply(self, replicas: Sequence[Replica], served: Served, *, insist: bool = True) -> None:
        """File first, then every replica; with `insist`, one that refuses ends the command."""
        self._store.write(served)
        for replica in replicas:
            try:
                replica.reload(self._store.configuration(served))
            except ReplicaError:
                if insist:
                    raise

    def _served(self) -> Served:
        served = self._store.served()
        if served is None:
            raise StoreError(f"{self._store.folder} has no configuration yet: run `python -m serving seed` first.")
        return served

    @contextmanager
    def _replicas(self) -> Iterator[list[Replica]]:
        """All servers, each of which must answer before anything is changed."""
        with ExitStack() as stack:
            replicas = [stack.enter_context(Replica(server)) for server in self._servers]
            try:
                for replica in replicas:
                    replica.versions()
                yield replicas
            except ReplicaError as error:
                raise PromotionRefused(f"A model server does not play along: {error}") from error


@contextmanager
def _refusing(version: int) -> Iterator[None]:
    try:
        yield
    except (UnfitVersion, DamagedVersion, ReplicaError) as error:
        raise PromotionRefused(f"Version {version} is not promoted: {error}") from error
