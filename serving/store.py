"""The model store: `rollcall/<version>/` and `models.config`, which says what every replica serves.

Versions are published by rename and never changed. The configuration is one text proto ModelServerConfig with policy
`specific` and version labels; it is replaced by rename too, so a reader sees the old one or the new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format

from contracts.model import MODEL_NAME
from contracts.serving_protos import ModelConfig, ModelServerConfig


class StoreError(Exception):
    """The store cannot do it; the message is for the operator.

    StoreError
    ├── StoreBusy       another command is changing the store
    ├── NoSuchVersion   the store does not hold that version
    └── BadConfiguration `models.config` cannot be read
    """


class StoreBusy(StoreError):  # noqa: N818 - it says what is the matter.
    """Another command holds the lock."""


class NoSuchVersion(StoreError):  # noqa: N818 - it says what is the matter.
    """`version` is not there."""

    def __init__(self, version: int, folder: Path) -> None:
        super().__init__(f"There is no version {version} in {folder}.")
        self.version = version


class BadConfiguration(StoreError):  # noqa: N818 - it says what is the matter.
    """`models.config` is not what this store writes."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the replicas should serve: the versions to load and where each label points."""

    versions: frozenset[int]
    labels: Mapping[str, int]


class Store:
    """A folder of versions and their configuration.

    The configuration names `base_uri` as the place of the versions, where the servers read copies from an object store.
    """

    def __init__(self, folder: Path, base_uri: str | None = None) -> None:
        self.folder = folder
        self._base_uri = base_uri
        self.models = folder / MODEL_NAME
        self.config_file = folder / "models.config"

    def versions(self) -> list[int]:
        """Every published version, lowest first."""
        if not self.models.is_dir():
            return []
        return sorted(int(child.name) for child in self.models.iterdir() if child.name.isdecimal() and child.is_dir())

    def version(self, number: int) -> Path:
        """The folder of a version; raises NoSuchVersion."""
        folder = self.models / str(number)
        if not folder.is_dir():
            raise NoSuchVersion(number, self.models)
        return folder

    def publish(self, source: Path, number: int) -> Path:
        """Copy `source` in as version `number`, visible only when it is whole."""
        self.models.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.models))
        try:
            shutil.copytree(source, draft, dirs_exist_ok=True, copy_function=shutil.copyfile)
            draft.chmod(0o755)
            return draft.rename(self.models / str(number))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def remove(self, number: int) -> None:
        """Take a version away at once, then free its space; raises NoSuchVersion."""
        doomed = self.version(number).rename(self.models / f"gone-{number}-{os.getpid()}")
        shutil.rmtree(doomed, ignore_errors=True)

    def served(self) -> Served | None:
        """What the configuration says; None before the first. Raises BadConfiguration."""
        try:
            config = text_format.Parse(self.config_file.read_text("utf-8"), ModelServerConfig())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
            raise BadConfiguration(f"{self.config_file} cannot be read: {error}") from error
        models = [model for model in config.model_config_list.config if model.name == MODEL_NAME]
        if len(models) != 1:
            raise BadConfiguration(f"{self.config_file} must list the model {MODEL_NAME} once.")
        model = models[0]
        return Served(frozenset(model.model_version_policy.specific.versions), dict(model.version_labels))

    def configuration(self, served: Served) -> ModelServerConfig:
        """`served` as a replica takes it."""
        model = ModelConfig(name=MODEL_NAME, base_path=self._base_uri or str(self.models), model_platform="tensorflow")
        model.model_version_policy.specific.versions.extend(sorted(served.versions))
        for label, version in sorted(served.labels.items()):
            model.version_labels[label] = version
        config = ModelServerConfig()
        config.model_config_list.config.append(model)
        return config

    def write(self, served: Served) -> None:
        """Put `served` into the configuration file, durably and all at once."""
        text = text_format.MessageToString(self.configuration(served))
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".models.config-", dir=self.folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"# Written by `python -m serving`; every replica reads it when it starts.\n{text}")
                file.flush()
                os.fsync(file.fileno())
            Path(draft).chmod(0o644)
            Path(draft).replace(self.config_file)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for one change; raises StoreBusy at once when another command does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreBusy("Another command is changing the model store; try again when it has ended.") from None
            yield
