"""A model store and two servers, for whatever moves labels."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from contracts.model import MODEL_NAME
from serving.promotion import Promotion
from serving.replicas import Replica
from serving.seed import seed
from serving.store import Store
from tests.serving.harness import RunningServer
from tests.serving.store_models import make_version


class Setting:
    """A store with version 1 stable on two servers."""

    def __init__(self, folder: Path, saved_models: Path) -> None:
        self.folder, self.source = folder, saved_models / MODEL_NAME
        make_version(self.source / "1", folder / "shipped" / MODEL_NAME / "1")
        self.store = Store(folder / "store")
        list(seed(self.store, folder / "shipped", datetime(2026, 1, 1, tzinfo=UTC)))
        self.servers = [self.start(f"s{number}") for number in (1, 2)]
        self.addresses = [f"unix:{server.socket}" for server in self.servers]
        self.promotion = Promotion(self.store, self.addresses, load_timeout_s=20)

    def start(self, name: str) -> RunningServer:
        (self.folder / name).mkdir()
        return RunningServer(
            self.folder / name,
            model_config_file=str(self.store.config_file),
            allow_version_labels_for_unavailable_models=True,
            file_system_poll_wait_seconds=1,
        )

    def add(self, number: int, **options: object) -> Path:
        """Publish another version of the store, a copy of the second tested one."""
        return make_version(self.source / "2", self.store.models / str(number), **options)  # type: ignore[arg-type]

    def labelled(self, label: str) -> list[int | None]:
        found = []
        for address in self.addresses:
            with Replica(address) as replica:
                found.append(replica.labelled(label))
        return found
