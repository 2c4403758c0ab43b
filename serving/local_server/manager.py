"""Brings versions in and takes them out, one step at a time, so that one of each model always answers.

`want` says what should be there; `tick` takes the next steps. Loads and drains run on threads of their own, so that a
slow request or a broken version of one model never holds up another (the original does both in one thread).
Source: tensorflow_serving/core/aspired_versions_manager.cc and basic_manager.cc.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Semaphore, Thread

from serving.local_server.background import NICENESS, give_way
from serving.local_server.errors import Cancelled, Internal, NotFound, StatusError
from serving.local_server.servable import Graph, Servable
from serving.local_server.state_monitor import State, StateMonitor
from serving.local_server.swap_policy import Load, Stage, Unload, VersionSnapshot, next_action

_log = logging.getLogger(__name__)

LoadGraph = Callable[[Path], Graph]
"""Loads and warms up the version in a folder; raises StatusError."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How often a failing load is tried again, and how many loads run side by side."""

    retries: int = 5
    retry_interval_s: float = 60.0
    parallel: int = 1
    niceness: int = NICENESS
    """How far loads and unloads give way to requests."""


@dataclass(slots=True)
class _Managed:
    """A version under management."""

    path: Path
    stage: Stage = Stage.NEW
    aspired: bool = True
    servable: Servable | None = None
    given_up: Event = field(default_factory=Event)


class ServableManager:
    """All versions of all models. Safe for threads; `find` takes no lock of the manager."""

    def __init__(self, load_graph: LoadGraph, monitor: StateMonitor, options: LoadOptions | None = None) -> None:
        self._load_graph = load_graph
        self._monitor = monitor
        self._options = options or LoadOptions()
        self._slots = Semaphore(self._options.parallel)
        self._lock = Lock()
        self._managed: dict[str, dict[int, _Managed]] = {}
        self._wanted: dict[str, Mapping[int, Path]] = {}
        self._serving: Mapping[str, Mapping[int, Servable]] = {}

    def find(self, model: str, version: int | None = None) -> Servable:
        """A version bound to the caller, who leaves it by `with`: the one asked for, else the highest that is ready.

        Raises NotFound.
        """
        while True:
            versions = self._serving.get(model)
            number = version if version is not None or not versions else max(versions)
            servable = versions.get(number) if versions and number is not None else None
            if servable is None:
                wanted = f"Latest({model})" if version is None else f"Specific({model}, {version})"
                raise NotFound(f"Servable not found for request: {wanted}")
            if servable.enter():
                return servable

    def is_available(self, model: str, version: int) -> bool:
        """Whether that version answers."""
        return version in self._serving.get(model, {})

    def want(self, model: str, versions: Mapping[int, Path]) -> None:
        """Say which versions `model` should have; `tick` will see to it."""
        with self._lock:
            self._wanted[model] = dict(versions)

    def tick(self) -> None:
        """Take the next step of every model."""
        with self._lock:
            for model, wanted in self._wanted.items():
                managed = self._managed.setdefault(model, {})
                self._apply_wish(model, managed, wanted)
                action = next_action(
                    VersionSnapshot(number, each.stage, each.aspired) for number, each in managed.items()
                )
                if isinstance(action, Load):
                    self._begin_load(model, action.version, managed[action.version])
                elif isinstance(action, Unload):
                    self._begin_unload(model, action.version, managed[action.version])

    def stop(self) -> None:
        """Give up the loads that wait for another try."""
        with self._lock:
            for versions in self._managed.values():
                for each in versions.values():
                    each.given_up.set()

    def _apply_wish(self, model: str, managed: dict[int, _Managed], wanted: Mapping[int, Path]) -> None:
        for number, each in list(managed.items()):
            # The original lets a version that is wanted again go first and then loads it anew; one that still stands
            # ready is simply kept here, which spares the swap there and back.
            each.aspired = number in wanted and each.stage is not Stage.UNLOADING
            if each.aspired:
                each.given_up.clear()
                continue
            each.given_up.set()
            if each.stage is Stage.NEW:
                self._monitor.publish(model, number, State.END)
            if each.stage in {Stage.NEW, Stage.ENDED}:
                del managed[number]
        for number, path in wanted.items():
            if number not in managed:
                managed[number] = _Managed(path)
                self._monitor.publish(model, number, State.START)

    def _begin_load(self, model: str, version: int, managed: _Managed) -> None:
        managed.stage = Stage.LOADING
        self._monitor.publish(model, version, State.LOADING)
        # The first load makes TensorFlow's threads, which would keep its priority for ever.
        target = self._load_beside if any(self._serving.values()) else self._load
        Thread(target=target, args=(model, version, managed), name=f"load-{model}-{version}", daemon=True).start()

    def _load_beside(self, model: str, version: int, managed: _Managed) -> None:
        """Load while other versions answer."""
        give_way(self._options.niceness)
        self._load(model, version, managed)

    def _load(self, model: str, version: int, managed: _Managed) -> None:
        error: StatusError | None = None
        for attempt in range(max(0, self._options.retries) + 1):
            if attempt and managed.given_up.wait(self._options.retry_interval_s):
                break
            with self._slots:
                try:
                    graph = self._load_graph(managed.path)
                except StatusError as failure:
                    error = failure
                except Exception as failure:  # noqa: BLE001 - a fault of ours must end as a state, too.
                    _log.exception("Loading %s version %d", model, version)
                    error = Internal(f"{type(failure).__name__}: {failure}")
                else:
                    self._finish_load(model, version, managed, graph)
                    return
            _log.error("Loading servable {name: %s version: %d} failed: %s", model, version, error)
        with self._lock:
            self._end(model, version, managed)
        self._monitor.publish(model, version, State.END, error)

    def _finish_load(self, model: str, version: int, managed: _Managed, graph: Graph) -> None:
        with self._lock:
            wanted = not managed.given_up.is_set()
            if wanted:
                managed.servable = Servable(model, version, graph)
                self._serve({**self._serving.get(model, {}), version: managed.servable}, model)
                managed.stage = Stage.READY
            else:
                self._end(model, version, managed)
        if wanted:
            self._monitor.publish(model, version, State.AVAILABLE)
            _log.info("Successfully loaded servable version {name: %s version: %d}", model, version)
        else:
            graph.close()
            self._monitor.publish(model, version, State.END, Cancelled("Loading of servable cancelled"))

    def _end(self, model: str, version: int, managed: _Managed) -> None:
        managed.stage = Stage.ENDED
        if managed.given_up.is_set():  # It failed for no fault of its own: if it is wanted again, it starts afresh.
            del self._managed[model][version]

    def _begin_unload(self, model: str, version: int, managed: _Managed) -> None:
        managed.stage = Stage.UNLOADING
        self._monitor.publish(model, version, State.UNLOADING)
        left = {number: each for number, each in self._serving.get(model, {}).items() if number != version}
        self._serve(left, model)
        Thread(target=self._unload, args=(model, version, managed), name=f"unload-{model}-{version}").start()

    def _unload(self, model: str, version: int, managed: _Managed) -> None:
        give_way(self._options.niceness)
        if managed.servable is not None:
            managed.servable.drain()
            managed.servable = None
        with self._lock:
            managed.stage = Stage.ENDED
            del self._managed[model][version]  # Wanted again, even before the next tick, it starts afresh.
        self._monitor.publish(model, version, State.END)
        _log.info("Done unloading servable version {name: %s version: %d}", model, version)

    def _serve(self, versions: Mapping[int, Servable], model: str) -> None:
        """Swap the map as a whole: a reader sees the old one or the new one."""
        self._serving = {**self._serving, model: versions}
