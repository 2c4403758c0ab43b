"""The commands of the Jobs are ones that the programs in their images take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.model_server import ModelServer
from tests.k8s.manifests import ROOT, job, pod_template


@pytest.fixture
def server() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    running.stop()


def run(name: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The command of a Job, its volumes below `folder` and its variables set, by the programs of this environment."""
    container = pod_template(job(name))["spec"]["containers"][0]
    program = folder / "bin"
    program.mkdir(exist_ok=True)
    (program / "rollcall").write_text((ROOT / "scripts" / "rollcall.sh").read_text())
    (program / "rollcall").chmod(0o755)
    settings = {each["name"]: each["value"] for each in container["env"]} | given
    *shell, script = container["command"]
    script = re.sub(r"--wait \d+", "--wait 0", script)
    script = script.replace(" /data/", f" {folder}/data/")
    environment = (
        os.environ
        | settings
        | {
            "PATH": f"{program}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
    )
    return subprocess.run(
        [*shell, script], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_every_index_of_score_writes_its_part_and_can_run_again(server: ModelServer, tmp_path: Path) -> None:
    records = tmp_path / "data" / "records"
    records.mkdir(parents=True)
    for number in range(3):
        (records / f"{number}.jsonl").write_text('{"platform": "x", "id": "1", "followers": 7}\n')
    for index in ("0", "1", "0"):
        done = run(
            "score",
            tmp_path,
            MODEL_SERVER=server.target,
            STATE_DIR=str(tmp_path / "state"),
            SHARDS="2",
            JOB_COMPLETION_INDEX=index,
        )
        assert done.returncode == 0, done.stderr
    parts = sorted((tmp_path / "data" / "results").iterdir())
    assert [part.name for part in parts] == ["scores-00000-of-00002.csv", "scores-00001-of-00002.csv"]
    assert sum(len(part.read_text().splitlines()) - 1 for part in parts) == 3


def test_promotion_gets_as_far_as_the_missing_servers(tmp_path: Path) -> None:
    done = run("promotion", tmp_path, MODEL_STORE=str(tmp_path / "models"), MODEL_SERVERS="127.0.0.1:1", VERSION="1")
    assert (done.returncode, "A model server does not play along: 127.0.0.1:1" in done.stderr) == (1, True), done.stderr
