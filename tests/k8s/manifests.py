"""What the tests read of k8s/: every overlay and Job, rendered by kubectl."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "k8s"
OVERLAYS = tuple(sorted(path.name for path in (FOLDER / "overlays").iterdir()))
COMPONENTS = tuple(sorted(path.name for path in (FOLDER / "components").iterdir()))
JOBS = tuple(sorted(path.stem for path in (FOLDER / "jobs").glob("*.yaml")))
NAME = "app.kubernetes.io/name"
WORKLOADS = frozenset(["Deployment", "StatefulSet", "Job"])

Document = dict[str, Any]


def kubectl() -> str:
    """The one of the environment, which is pinned."""
    beside = Path(sys.executable).with_name("kubectl")
    found = str(beside) if beside.is_file() else shutil.which("kubectl")
    assert found, "kubectl is missing: make env-dev"
    return found


def render(folder: Path) -> list[Document]:
    """The documents of a kustomization."""
    done = subprocess.run(
        [kubectl(), "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@cache
def overlay(name: str) -> list[Document]:
    """The documents of an overlay."""
    return render(FOLDER / "overlays" / name)


@cache
def job(name: str) -> Document:
    """A Job as it stands in k8s/jobs."""
    document: Document = yaml.safe_load((FOLDER / "jobs" / f"{name}.yaml").read_text("utf-8"))
    return document


def of_kind(documents: list[Document], *kinds: str) -> Iterator[Document]:
    """Those of these kinds."""
    return (document for document in documents if document["kind"] in kinds)


def pod_template(workload: Document) -> Document:
    """The pod that a workload makes."""
    template: Document = workload["spec"]["template"]
    return template


def containers(workload: Document) -> list[Document]:
    """All containers of a workload's pod, those of the start included."""
    spec = pod_template(workload)["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
