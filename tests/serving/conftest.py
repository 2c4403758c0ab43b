"""SavedModels written by TensorFlow once (kept in pytest's cache), and one server that many tests share."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from contracts import features, model
from serving.local_server.state_monitor import State
from tests.serving.harness import RunningServer, model_list
from tests.serving.promotion_setting import Setting
from tests.serving.server_process import Process

ROOT = Path(__file__).parents[2]
SCRIPTS = [Path(__file__).with_name(name) for name in ("saved_models.py", "original_models.py")]


@pytest.fixture(scope="session")
def saved_models(request: pytest.FixtureRequest) -> Path:
    """The folder of the models that `saved_models.py` writes; read-only for tests."""
    sources = b"".join(path.read_bytes() for path in (*SCRIPTS, Path(features.__file__), Path(model.__file__)))
    digest = hashlib.sha256(sources + version("tensorflow-serving-api").encode()).hexdigest()[:12]
    folder = request.config.cache.mkdir("saved_models") / digest
    if not folder.is_dir():
        draft = folder.with_name(f"draft-{os.getpid()}")
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
        command = [sys.executable, "-m", "tests.serving.saved_models", str(draft)]
        subprocess.run(command, check=True, env=environment, timeout=110, cwd=ROOT)
        draft.rename(folder)
    return folder


@pytest.fixture
def copy_version(saved_models: Path) -> Callable[[str, int, Path], Path]:
    """Publish a version of a model below another base path, by rename."""

    def copy(model: str, number: int, base: Path) -> Path:
        base.mkdir(parents=True, exist_ok=True)
        draft = base / f"draft-{number}"
        shutil.copytree(saved_models / model / str(number), draft)
        return draft.rename(base / str(number))

    return copy


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Begin processes of the local server, given their flags; they end with the test."""
    processes: list[Process] = []

    def begin(*flags: str) -> Process:
        processes.append(Process(tmp_path, *flags))
        return processes[-1]

    yield begin
    for process in processes:
        process.stop()


@pytest.fixture
def setting(tmp_path: Path, saved_models: Path) -> Iterator[Setting]:
    """A store with version 1 stable on two servers."""
    setting = Setting(tmp_path, saved_models)
    yield setting
    for server in setting.servers:
        server.stop()


@pytest.fixture(scope="session")
def running(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with half_plus_two (versions 1 to 3, labels), shapes, echo and rollcall, which tests leave as it is."""
    folder = tmp_path_factory.mktemp("running")
    config = model_list(
        (
            "half_plus_two",
            saved_models / "half_plus_two",
            """model_version_policy { specific { versions: 1 versions: 2 } }
            version_labels { key: "stable" value: 1 } version_labels { key: "absent" value: 7 }""",
        ),
        *((name, saved_models / name, "") for name in ("shapes", "echo", "rollcall", "examples", "shared")),
    )
    (folder / "models.config").write_text(str(config))
    (folder / "monitoring.config").write_text("prometheus_config { enable: true }")
    server = RunningServer(
        folder,
        model_config_file=str(folder / "models.config"),
        monitoring_config_file=str(folder / "monitoring.config"),
        allow_version_labels_for_unavailable_models=True,
        enable_grpc_healthcheck_service=True,
    )
    for number in (1, 2):
        assert server.wait_for("half_plus_two", number, State.AVAILABLE)
    yield server
    server.stop()
