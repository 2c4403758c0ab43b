"""What every server serves, beside what the configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.json_fields import write_time
from contracts.model import CANARY, STABLE
from serving.history import History
from serving.replicas import Replica, ReplicaError
from serving.store import Store


def status_lines(store: Store, servers: Sequence[str]) -> Iterator[str]:
    """A table: server, version, state, labels there, since when; a server that does not answer says so."""
    history = History(store.folder)
    served = store.served()
    wanted = dict(served.labels) if served else {}
    yield "\t".join(["server", "version", "state", "labels", "since"])
    for server in servers:
        try:
            with Replica(server) as replica:
                labels = {label: replica.labelled(label) for label in (STABLE, CANARY)}
                for version, status in replica.versions().items():
                    names = [label for label, number in labels.items() if number == version]
                    since = [moved for name in names if (moved := history.since(name, version))]
                    when = write_time(min(since)) if since else "-"
                    yield "\t".join([server, str(version), status.state, ",".join(names) or "-", when])
                    if status.error:
                        yield f"\t{status.error}"
                for label, version in wanted.items():
                    if labels.get(label) != version:
                        here = labels.get(label)
                        yield f"{server}\tThe configuration says that {label} is {version}; here it is {here}."
        except ReplicaError as error:
            yield f"{server}\tdoes not answer: {error.code}"
