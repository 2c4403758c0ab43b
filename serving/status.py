"""What every server serves, beside what the configuration says, and what share of the accounts each version answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.json_fields import write_time
from contracts.model import CANARY, STABLE
from serving.history import History
from serving.replicas import Replica, ReplicaError
from serving.store import Store
from serving.traffic import GatewayError, Traffic, read_traffic


def status_lines(store: Store, servers: Sequence[str], gateway: str, key: str | None = None) -> Iterator[str]:
    """A table: server, version, state, labels there, traffic, since when; who does not answer is named."""
    history = History(store.folder)
    served = store.served()
    wanted = dict(served.labels) if served else {}
    try:
        traffic: Traffic | None = read_traffic(gateway, key)
        note = traffic.note if traffic else ""
    except GatewayError as error:
        traffic, note = None, str(error)
    yield "\t".join(["server", "version", "state", "labels", "traffic", "since"])
    for server in servers:
        try:
            with Replica(server) as replica:
                labels = {label: replica.labelled(label) for label in (STABLE, CANARY)}
                for version, status in replica.versions().items():
                    names = [label for label, number in labels.items() if number == version]
                    since = [moved for name in names if (moved := history.since(name, version))]
                    when = write_time(min(since)) if since else "-"
                    share = _share(names, traffic, has_canary=labels[CANARY] is not None)
                    yield "\t".join([server, str(version), status.state, ",".join(names) or "-", share, when])
                    if status.error:
                        yield f"\t{status.error}"
                for label, version in wanted.items():
                    if labels.get(label) != version:
                        here = labels.get(label)
                        yield f"{server}\tThe configuration says that {label} is {version}; here it is {here}."
        except ReplicaError as error:
            yield f"{server}\tdoes not answer: {error.code}"
    yield f"traffic\t{note}"


def _share(names: Sequence[str], traffic: Traffic | None, *, has_canary: bool) -> str:
    """The part of the accounts that a version with these labels answers, as the gateway has it."""
    if not names or traffic is None:
        return "-"
    canary = traffic.canary_share if has_canary else 0.0
    return f"{(1 - canary) * (STABLE in names) + canary * (CANARY in names):.0%}"
