"""The models on offer: their configuration, labels and folders, and the thread that keeps them in step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

from contracts.serving_protos import ModelServerConfig, ModelSpec
from serving.local_server.errors import DeadlineExceeded, InvalidArgument, NotFound, Unavailable, Unknown
from serving.local_server.manager import ServableManager
from serving.local_server.model_configuration import Labels, read_labels, validate_models
from serving.local_server.servable import Servable
from serving.local_server.state_monitor import State, StateMonitor
from serving.local_server.version_folders import read_versions, wanted_versions

TICK_S = 0.1
"""How often the manager takes a step; the original's."""

_log = logging.getLogger(__name__)


class Models:
    """Owns the configuration in force. `poll_s`: seconds between looks at the folders; 0 = once, below 0 = never."""

    def __init__(
        self,
        manager: ServableManager,
        monitor: StateMonitor,
        *,
        poll_s: float = 1.0,
        allow_labels_for_unavailable: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.manager, self.monitor = manager, monitor
        self._poll_s = poll_s
        self._allow_unavailable = allow_labels_for_unavailable
        self._monotonic = monotonic
        self._reloading = Lock()
        self._watched = Lock()
        self._stored: ModelServerConfig | None = None
        self._source = ModelServerConfig()
        self._labels: Labels = {}
        self._poll_at = float("inf")
        self._changed, self._stopped = Event(), Event()
        self._thread = Thread(target=self._keep_in_step, name="versions", daemon=True)

    def start(self) -> None:
        """Begin to bring versions in and out."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the versions as they are and wake everybody who waits for one."""
        self._stopped.set()
        self._changed.set()
        self.manager.stop()

    def find(self, spec: ModelSpec) -> Servable:
        """The version that `spec` names by number, by label or not at all, bound to the caller.

        Raises InvalidArgument and NotFound.
        """
        if not spec.name:
            raise InvalidArgument("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        if choice == "version":
            return self.manager.find(spec.name, spec.version.value)
        if choice == "version_label":
            version = self._labels.get(spec.name, {}).get(spec.version_label)
            if version is None:
                raise InvalidArgument(f"Unrecognized servable version label: {spec.version_label}")
            return self.manager.find(spec.name, version)
        return self.manager.find(spec.name)

    def reload(self, config: ModelServerConfig, timeout_s: float | None = None) -> None:
        """Put `config` in force; returns when every model that is new has a version that answers.

        The caller's `timeout_s` bounds the wait, so that a model with a wrong path cannot hold up later reloads for
        ever, as it does in the original; the configuration stays in force. Raises InvalidArgument,
        FailedPrecondition, Unknown (a new model's load failed), DeadlineExceeded, and Unavailable (the server stops
        meanwhile). A refused configuration leaves labels and versions as they were.
        """
        with self._reloading:
            first = self._stored is None
            validate_models(config, self._stored)
            before = {model.name for model in self._stored.model_config_list.config} if self._stored else set()
            self._stored = config
            self._labels = read_labels(
                config,
                current=self._labels,
                is_available=self.manager.is_available,
                allow_unavailable=self._allow_unavailable,
            )
            with self._watched:
                self._source = config
                self._poll_at = float("inf") if self._poll_s < 0 else self._monotonic()
                names = {model.name for model in config.model_config_list.config}
                for gone in before - names:
                    self.manager.want(gone, {})
            self._changed.set()
            self._wait_for(sorted(names - before), "servable(s)" if first else "model(s)", timeout_s)

    def _wait_for(self, models: Sequence[str], noun: str, timeout_s: float | None) -> None:
        decided = self.monitor.wait_until(
            lambda: self._stopped.is_set() or all(self._is_decided(model) for model in models), timeout_s
        )
        if not decided:
            raise DeadlineExceeded("The new models did not become available in time.")
        if self._stopped.is_set():
            raise Unavailable("The server is shutting down.")
        failed = [model for model in models if not self._has(model, State.AVAILABLE)]
        if failed:
            errors = "".join(
                f"{{name: {model} version: {version}}} due to error: {state.error or 'OK'}}}, "
                for model in failed
                for version, state in self.monitor.versions(model).items()
                if state.state is State.END
            )
            raise Unknown(f"{len(failed)} {noun} did not become available: {{{errors}}}")

    def _is_decided(self, model: str) -> bool:
        """One version answers, or all have ended; a broken version beside a good one is no reason to give up."""
        states = {each.state for each in self.monitor.versions(model).values()}
        return State.AVAILABLE in states or states == {State.END}

    def _has(self, model: str, wanted: State) -> bool:
        return any(each.state is wanted for each in self.monitor.versions(model).values())

    def _keep_in_step(self) -> None:
        while not self._stopped.is_set():
            with self._watched:
                if self._monotonic() >= self._poll_at:
                    self._poll_at = self._monotonic() + self._poll_s if self._poll_s > 0 else float("inf")
                    self._look_at_folders()
                self.manager.tick()
            self._changed.wait(TICK_S)
            self._changed.clear()

    def _look_at_folders(self) -> None:
        """One look at all base paths. One that is missing spoils the whole look: nothing changes for any model."""
        try:
            found = [
                (model, read_versions(model.name, Path(model.base_path)))
                for model in self._source.model_config_list.config
            ]
        except NotFound as error:
            _log.error("FileSystemStoragePathSource encountered a filesystem access error: %s", error.message)
            return
        for model, present in found:
            self.manager.want(model.name, wanted_versions(model, present))
