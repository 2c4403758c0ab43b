"""The order in which versions come and go, with loads that end when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from serving.local_server.errors import InvalidArgument, NotFound
from serving.local_server.manager import LoadOptions, ServableManager
from serving.local_server.state_monitor import State, StateMonitor
from tests.serving.local_server.fakes import FakeLoader

V1, V2, V3 = Path("/m/1"), Path("/m/2"), Path("/m/3")


class Setting:
    """A manager with its monitor and loader, and ways to wait for it."""

    def __init__(self, options: LoadOptions | None = None) -> None:
        self.loader, self.monitor = FakeLoader(), StateMonitor()
        self.manager = ServableManager(self.loader, self.monitor, options or LoadOptions(retries=0))

    def state(self, version: int) -> State:
        return self.monitor.versions("m")[version].state

    def until(self, reached: Callable[[], bool]) -> None:
        assert self.monitor.wait_until(reached, 10)

    def settle(self, version: int, state: State) -> None:
        """Tick until a version is in a state."""

        def reached() -> bool:
            self.manager.tick()
            row = self.monitor.versions("m").get(version)
            return row is not None and row.state is state

        for _ in range(2000):
            if reached():
                return
            self.monitor.wait_until(lambda: False, 0.005)
        raise AssertionError(f"version {version} never became {state}: {self.monitor.versions('m')}")


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_version_starts_loads_and_becomes_available(setting: Setting) -> None:
    setting.loader.held[V1] = Event()
    setting.manager.want("m", {1: V1})
    setting.manager.tick()
    assert setting.state(1) is State.LOADING
    with pytest.raises(NotFound, match=r"Servable not found for request: Latest\(m\)"):
        setting.manager.find("m")
    setting.loader.held[V1].set()
    setting.settle(1, State.AVAILABLE)
    assert setting.manager.find("m").version == 1


def test_old_version_answers_until_the_new_one_is_ready_and_then_goes(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    setting.loader.held[V2] = Event()
    setting.manager.want("m", {2: V2})
    setting.settle(2, State.LOADING)
    setting.manager.tick()
    with setting.manager.find("m") as servable:
        assert servable.version == 1
    setting.loader.held[V2].set()
    setting.settle(2, State.AVAILABLE)
    setting.settle(1, State.END)
    assert setting.manager.find("m").version == 2
    assert setting.loader.graphs[V1].closed.is_set()
    with pytest.raises(NotFound, match=r"Specific\(m, 1\)"):
        setting.manager.find("m", 1)


def test_request_under_way_keeps_its_version_until_it_ends(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    held = setting.manager.find("m")
    setting.manager.want("m", {2: V2})
    setting.settle(1, State.UNLOADING)
    assert not setting.loader.graphs[V1].closed.wait(0.05)
    assert setting.manager.find("m").version == 2
    with held:
        pass
    setting.settle(1, State.END)
    assert setting.loader.graphs[V1].closed.is_set()


def test_slow_request_does_not_hold_up_the_next_swap(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    held = setting.manager.find("m")
    setting.manager.want("m", {2: V2})
    setting.settle(2, State.AVAILABLE)
    setting.manager.want("m", {3: V3})
    setting.settle(3, State.AVAILABLE)
    assert setting.manager.find("m").version == 3
    with held:
        pass
    setting.settle(1, State.END)


def test_broken_version_ends_with_its_error_and_the_old_one_goes_on(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    setting.loader.broken[V2] = InvalidArgument("broken")
    setting.manager.want("m", {2: V2})
    setting.settle(2, State.END)
    assert str(setting.monitor.versions("m")[2].error) == "INVALID_ARGUMENT: broken"
    for _ in range(5):
        setting.manager.tick()
    assert setting.manager.find("m").version == 1
    assert setting.state(1) is State.AVAILABLE


def test_broken_version_is_tried_again_only_after_it_was_away(setting: Setting) -> None:
    setting.loader.broken[V1] = InvalidArgument("broken")
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.END)
    del setting.loader.broken[V1]
    setting.manager.tick()
    assert setting.state(1) is State.END
    setting.manager.want("m", {})
    setting.manager.tick()
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)


def test_failing_load_is_tried_as_often_as_configured() -> None:
    setting = Setting(LoadOptions(retries=3, retry_interval_s=0.001))
    setting.loader.broken[V1] = InvalidArgument("broken")
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.END)
    assert setting.loader.attempts == [V1] * 4


def test_version_no_longer_wanted_is_not_tried_again() -> None:
    setting = Setting(LoadOptions(retries=5, retry_interval_s=3600))
    setting.loader.broken[V1] = InvalidArgument("broken")
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.LOADING)
    setting.manager.want("m", {})
    setting.settle(1, State.END)
    assert setting.loader.attempts == [V1]


def test_load_that_ends_after_it_was_given_up_is_thrown_away(setting: Setting) -> None:
    setting.loader.held[V1] = Event()
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.LOADING)
    setting.manager.want("m", {})
    setting.manager.tick()
    setting.loader.held[V1].set()
    setting.settle(1, State.END)
    assert str(setting.monitor.versions("m")[1].error) == "CANCELLED: Loading of servable cancelled"
    assert setting.loader.graphs[V1].closed.is_set()


def test_retry_of_one_model_does_not_hold_up_another() -> None:
    setting = Setting(LoadOptions(retries=5, retry_interval_s=3600))
    setting.loader.broken[V1] = InvalidArgument("broken")
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.LOADING)
    setting.manager.want("other", {1: Path("/other/1")})
    setting.until(lambda: (setting.manager.tick(), setting.manager.is_available("other", 1))[1])
    setting.manager.stop()


def test_rollback_to_a_version_that_is_still_ready_keeps_it(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    setting.loader.held[V2] = Event()
    setting.manager.want("m", {2: V2})
    setting.settle(2, State.LOADING)
    setting.manager.want("m", {1: V1})
    setting.manager.tick()
    setting.loader.held[V2].set()
    setting.settle(2, State.END)
    assert setting.state(1) is State.AVAILABLE
    assert setting.loader.attempts == [V1, V2]


def test_version_that_comes_back_starts_again_in_its_row(setting: Setting) -> None:
    for _ in range(2):
        setting.manager.want("m", {1: V1})
        setting.settle(1, State.AVAILABLE)
        setting.manager.want("m", {})
        setting.settle(1, State.END)
    assert setting.loader.attempts == [V1, V1]


def test_version_wanted_again_while_it_goes_starts_afresh(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    held = setting.manager.find("m")
    setting.manager.want("m", {})
    setting.settle(1, State.UNLOADING)
    setting.manager.want("m", {1: V1})
    with held:
        pass
    setting.until(lambda: setting.state(1) is State.END)
    setting.settle(1, State.AVAILABLE)
    assert setting.loader.attempts == [V1, V1]


def test_finding_races_with_unloading_without_a_failure(setting: Setting) -> None:
    setting.manager.want("m", {1: V1})
    setting.settle(1, State.AVAILABLE)
    stop, failures = Event(), []

    def ask() -> None:
        while not stop.is_set():
            try:
                with setting.manager.find("m") as servable:
                    if setting.loader.graphs[Path(f"/m/{servable.version}")].closed.is_set():
                        failures.append("a closed graph was given out")
            except NotFound as error:
                failures.append(str(error))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(2, 12):
        setting.manager.want("m", {number: Path(f"/m/{number}")})
        setting.settle(number - 1, State.END)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
