"""Brings servers that started while a label moved to what the configuration says.

A server reads the configuration when it starts. One that read it just before a promotion wrote it, and was found by
nobody in time to be told, would keep the old label. So after a promotion the servers are looked for again for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from serving.addresses import UnknownServers
from serving.replicas import Replica, ReplicaError
from serving.store import Served, Store, StoreBusy, StoreError

_ROUND_S = 2.0


class Disagreement(Exception):  # noqa: N818 - it says what is the matter.
    """At the end some servers did not serve what the configuration says; the message names them."""


def agree(
    store: Store,
    find: Callable[[], Sequence[str]],
    *,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """For `seconds`, tell every server that `find` gives and whose labels are others. Yields a line for each told.

    Who is told in the last round is looked at once more. Raises Disagreement and StoreError.
    """
    began, is_last = monotonic(), False
    while True:
        wrong, count, told = {}, 0, False
        try:
            with store.locked():
                served = store.served()
                if served is None:
                    raise StoreError(f"{store.folder} has no configuration yet: run `python -m serving seed` first.")
                servers = find()
                count = len(servers)
                for server in servers:
                    if trouble := _trouble(server, served):
                        wrong[server] = trouble
                        for line in _tell(store, server, served):
                            told = True
                            yield line
        except StoreBusy:
            wrong["the store"] = "another command was changing it"
        except UnknownServers as error:
            wrong["the servers"] = str(error)
        is_over = monotonic() - began >= seconds
        if is_over and (is_last or not told):
            break
        is_last = is_over
        if not is_over:
            sleep(_ROUND_S)
    if wrong:
        raise Disagreement("; ".join(f"{server}: {trouble}" for server, trouble in wrong.items()))
    yield f"{count} server(s) serve what the configuration says."


def _tell(store: Store, server: str, served: Served) -> Iterator[str]:
    try:
        with Replica(server) as replica:
            replica.reload(store.configuration(served))
    except ReplicaError:
        # It is asked again in the next round.
        return
    yield f"{server} was told."


def _trouble(server: str, served: Served) -> str | None:
    """What keeps `server` from being as it should; None where it is."""
    try:
        with Replica(server) as replica:
            here: Mapping[str, int | None] = {label: replica.labelled(label) for label in served.labels}
    except ReplicaError as error:
        return f"does not answer ({error.code})"
    wrong = [
        f"{label} is {here[label]} in place of {wanted}"
        for label, wanted in sorted(served.labels.items())
        if here[label] != wanted
    ]
    return ", ".join(wrong) or None
