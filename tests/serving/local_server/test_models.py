"""Configurations, labels and folders: what a reload changes, refuses and waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from contracts.serving_protos import ModelSpec
from serving.local_server.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unavailable,
    Unknown,
)
from serving.local_server.manager import LoadOptions, ServableManager
from serving.local_server.models import Models
from serving.local_server.state_monitor import State, StateMonitor
from tests.serving.harness import model_list
from tests.serving.local_server.fakes import FakeLoader


class Setting:
    def __init__(self, folder: Path, *, allow: bool = False, poll_s: float = 0.05) -> None:
        self.folder, self.loader, self.monitor = folder, FakeLoader(), StateMonitor()
        manager = ServableManager(self.loader, self.monitor, LoadOptions(retries=0))
        self.models = Models(manager, self.monitor, poll_s=poll_s, allow_labels_for_unavailable=allow)
        self.models.start()

    def publish(self, model: str, *versions: int) -> Path:
        for version in versions:
            (self.folder / model / str(version)).mkdir(parents=True)
        return self.folder / model

    def reload(self, *models: tuple[str, Path | str, str]) -> None:
        self.models.reload(model_list(*models))

    def wait_for(self, model: str, version: int, state: State) -> None:
        def reached() -> bool:
            row = self.monitor.versions(model).get(version)
            return row is not None and row.state is state

        assert self.monitor.wait_until(reached, 10), self.monitor.versions(model)

    def answering(self, name: str, label: str = "") -> int:
        spec = ModelSpec(name=name)
        if label:
            spec.version_label = label
        with self.models.find(spec) as servable:
            return servable.version


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Setting]]:
    settings: list[Setting] = []

    def build(**options: bool | float) -> Setting:
        settings.append(Setting(tmp_path, **options))  # type: ignore[arg-type]
        return settings[-1]

    yield build
    for setting in settings:
        setting.models.stop()


SPECIFIC = "model_version_policy {{ specific {{ {0} }} }} {1}"


def specific(*versions: int, **labels: int) -> str:
    chosen = " ".join(f"versions: {version}" for version in versions)
    pairs = " ".join(f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items())
    return SPECIFIC.format(chosen, pairs)


def test_reload_returns_when_the_new_model_answers(make: Callable[..., Setting]) -> None:
    setting = make()
    setting.reload(("m", setting.publish("m", 1, 2), ""))
    assert setting.answering("m") == 2


def test_new_version_on_disk_replaces_the_old_one(make: Callable[..., Setting]) -> None:
    setting = make()
    setting.reload(("m", setting.publish("m", 1), ""))
    setting.publish("m", 2)
    setting.wait_for("m", 2, State.AVAILABLE)
    setting.wait_for("m", 1, State.END)


def test_without_polling_new_versions_are_not_seen(make: Callable[..., Setting]) -> None:
    setting = make(poll_s=0)
    setting.reload(("m", setting.publish("m", 1), ""))
    setting.publish("m", 2)
    assert not setting.monitor.wait_until(lambda: 2 in setting.monitor.versions("m"), 0.3)


def test_below_zero_no_folder_is_ever_looked_at_and_a_start_waits(make: Callable[..., Setting]) -> None:
    setting = make(poll_s=-1)
    with pytest.raises(DeadlineExceeded):
        setting.models.reload(model_list(("m", setting.publish("m", 1), "")), 0.5)
    assert setting.monitor.versions("m") == {}


def test_emptied_base_path_unloads_every_version(make: Callable[..., Setting]) -> None:
    setting = make()
    base = setting.publish("m", 1)
    setting.reload(("m", base, ""))
    (base / "1").rename(base / "gone")
    setting.wait_for("m", 1, State.END)


def test_missing_base_path_of_one_model_freezes_all(make: Callable[..., Setting]) -> None:
    setting = make()
    a, b = setting.publish("a", 1), setting.publish("b", 1)
    setting.reload(("a", a, ""), ("b", b, ""))
    a.rename(a.with_name("elsewhere"))
    setting.publish("b", 2)
    assert not setting.monitor.wait_until(lambda: 2 in setting.monitor.versions("b"), 0.3)
    assert setting.answering("a") == 1
    a.with_name("elsewhere").rename(a)
    setting.wait_for("b", 2, State.AVAILABLE)


def test_model_taken_out_of_the_list_ends_but_is_remembered(make: Callable[..., Setting]) -> None:
    setting = make()
    setting.reload(("a", setting.publish("a", 1), ""), ("b", setting.publish("b", 1), ""))
    setting.reload(("b", setting.folder / "b", ""))
    setting.wait_for("a", 1, State.END)
    with pytest.raises(NotFound):
        setting.answering("a")


def test_empty_list_unloads_all(make: Callable[..., Setting]) -> None:
    setting = make()
    setting.reload(("a", setting.publish("a", 1), ""))
    setting.reload()
    setting.wait_for("a", 1, State.END)


def test_failing_new_model_fails_the_reload_with_its_error(make: Callable[..., Setting]) -> None:
    setting = make()
    base = setting.publish("m", 1)
    setting.loader.broken[base / "1"] = InvalidArgument("broken")
    setting.reload()
    with pytest.raises(Unknown) as refused:
        setting.reload(("m", base, ""))
    assert refused.value.message == (
        "1 model(s) did not become available: {{name: m version: 1} due to error: INVALID_ARGUMENT: broken}, }"
    )


def test_failing_first_model_fails_the_start(make: Callable[..., Setting]) -> None:
    setting = make()
    base = setting.publish("m", 1)
    setting.loader.broken[base / "1"] = InvalidArgument("broken")
    with pytest.raises(Unknown, match=r"1 servable\(s\) did not become available"):
        setting.reload(("m", base, ""))


def test_missing_base_path_of_a_new_model_blocks_until_it_is_there(make: Callable[..., Setting]) -> None:
    setting = make()
    thread = Thread(target=setting.reload, args=(("m", setting.folder / "m", ""),))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    setting.publish("m", 1)
    thread.join(10)
    assert setting.answering("m") == 1


def test_wait_for_a_new_model_ends_with_the_callers_time_and_later_reloads_go_on(make: Callable[..., Setting]) -> None:
    setting = make()
    with pytest.raises(DeadlineExceeded):
        setting.models.reload(model_list(("m", setting.folder / "m", "")), 0.05)
    setting.reload(("other", setting.publish("other", 1), ""))
    assert setting.answering("other") == 1


def test_stopping_ends_the_wait_of_a_start(make: Callable[..., Setting]) -> None:
    setting = make()
    failures: list[Unavailable] = []

    def start() -> None:
        try:
            setting.reload(("m", setting.folder / "m", ""))
        except Unavailable as error:
            failures.append(error)

    thread = Thread(target=start)
    thread.start()
    setting.models.stop()
    thread.join(10)
    assert len(failures) == 1


def test_label_for_a_version_that_is_not_available_is_refused_as_a_whole(make: Callable[..., Setting]) -> None:
    setting = make()
    base = setting.publish("m", 1, 2)
    setting.reload(("m", base, specific(1)))
    setting.reload(("m", base, specific(1, stable=1)))
    text = "Request to assign label to version 2 of model m, which is not currently available for inference"
    with pytest.raises(FailedPrecondition, match=text):
        setting.reload(("m", base, specific(1, 2, stable=1, canary=2)))
    assert setting.answering("m", "stable") == 1
    assert 2 not in setting.monitor.versions("m")
    with pytest.raises(InvalidArgument, match="Unrecognized servable version label: canary"):
        setting.answering("m", "canary")


def test_label_at_the_start_is_refused_because_nothing_is_loaded_yet(make: Callable[..., Setting]) -> None:
    setting = make()
    with pytest.raises(FailedPrecondition):
        setting.reload(("m", setting.publish("m", 1), specific(1, stable=1)))


def test_new_label_may_point_ahead_where_that_is_allowed_but_may_not_move_ahead(make: Callable[..., Setting]) -> None:
    setting = make(allow=True)
    base = setting.publish("m", 1, 2)
    setting.reload(("m", base, specific(1, stable=1, canary=2)))
    with pytest.raises(NotFound, match=r"Specific\(m, 2\)"):
        setting.answering("m", "canary")
    with pytest.raises(FailedPrecondition):
        setting.reload(("m", base, specific(1, 2, stable=2)))
    setting.reload(("m", base, specific(1, 2, stable=1, canary=2)))
    setting.wait_for("m", 2, State.AVAILABLE)
    setting.reload(("m", base, specific(1, 2, stable=2, canary=2)))
    assert setting.answering("m", "stable") == 2


def test_labels_are_replaced_as_a_whole(make: Callable[..., Setting]) -> None:
    setting = make(allow=True)
    base = setting.publish("m", 1)
    setting.reload(("m", base, specific(1, stable=1)))
    setting.reload(("m", base, specific(1, other=1)))
    with pytest.raises(InvalidArgument, match="Unrecognized servable version label: stable"):
        setting.answering("m", "stable")


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ("platform", InvalidArgument, "Illegal to change a model's platform. For model m platform was tensorflow and"),
        ("kind", FailedPrecondition, "Cannot transition to requested config. It is only legal to transition from one"),
    ],
)
def test_change_of_kind_is_refused(make: Callable[..., Setting], change: str, kind: type[Exception], text: str) -> None:
    setting = make()
    base = setting.publish("m", 1)
    setting.reload(("m", base, ""))
    config = model_list(("m", base, ""))
    if change == "platform":
        config.model_config_list.config[0].model_platform = "other"
    else:
        config.custom_model_config.value = b""
    with pytest.raises(kind, match=text):
        setting.models.reload(config)
    assert setting.answering("m") == 1
