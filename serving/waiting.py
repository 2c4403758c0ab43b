"""Waiting for the model servers that are just starting, before anything is changed on any of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from serving.addresses import UnknownServers
from serving.replicas import Replica, ReplicaError

_PAUSE_S = 1.0


def answering_servers(
    find: Callable[[], Sequence[str]],
    *,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Sequence[str]:
    """What `find` gives, once every one of them answers; after `seconds`, whoever is there.

    A cluster names a server as soon as it has an address, and for some seconds after it left. Raises UnknownServers.
    """
    end = monotonic() + seconds
    while True:
        is_over = monotonic() >= end
        try:
            servers = find()
            if is_over or all(map(_answers, servers)):
                return servers
        except UnknownServers:
            if is_over:
                raise
        sleep(_PAUSE_S)


def _answers(server: str) -> bool:
    try:
        with Replica(server) as replica:
            replica.versions()
    except ReplicaError:
        return False
    return True
