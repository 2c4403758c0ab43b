"""Everything renders, and is what Kubernetes' own schemas ask for, from 1.30 to the newest."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from kubernetes_validate import utils
from referencing import Registry, Resource

from tests.k8s.manifests import COMPONENTS, FOLDER, JOBS, OVERLAYS, Document, job, overlay, render

OLDEST = (1, 30)
VERSIONS = sorted({version for version in utils.all_versions() if tuple(map(int, version.split(".")[:2])) >= OLDEST})
CUSTOM = frozenset(["ServiceMonitor", "PrometheusRule", "ExternalSecret"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OVERLAYS)
def test_overlay_is_valid(name: str, version: str) -> None:
    for document in overlay(name):
        _check(document, version)


@pytest.mark.parametrize("name", COMPONENTS)
def test_component_renders_into_each_overlay_and_is_valid(name: str, tmp_path: Path) -> None:
    # kustomize reads nothing outside of its folder but by relative paths, so the folder is made below a link's parent.
    for which in OVERLAYS:
        folder = tmp_path / which
        folder.mkdir()
        used = yaml.safe_load((FOLDER / "overlays" / which / "kustomization.yaml").read_text("utf-8"))
        relative = Path("..", *[".."] * (len(tmp_path.parts) - 1), *FOLDER.parts[1:])
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [str(relative / "overlays" / which)],
            "components": [str(relative / "components" / name)],
        }
        if any(Path(each).name == name for each in used.get("components", [])):
            kustomization.pop("components")
        if name == "autoscaling-by-load" and which == "local":
            continue  # It changes autoscalers, and one replica has none.
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        for document in render(folder):
            _check(document, VERSIONS[-1])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", JOBS)
def test_job_is_valid(name: str, version: str) -> None:
    _check(job(name), version)


def _check(document: Document, version: str) -> None:
    if document["kind"] not in CUSTOM:
        _validator(document["apiVersion"], document["kind"], version).validate(document)


@cache
def _validator(api_version: str, kind: str, version: str) -> Draft202012Validator:
    """The strict validator of kubernetes-validate, made once: it reads 2 MB of definitions for every document."""
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = utils.schema_contents(f"{folder}/{kind.lower()}-{group}.json", version)
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    return Resource.from_contents(utils.schema_contents(f"{folder}/_definitions.json", version)) @ Registry()


def test_what_the_schemas_do_not_know_is_found() -> None:
    document: Document = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"port": []}}
    with pytest.raises(ValidationError, match="'port' was unexpected"):
        _check(document, VERSIONS[0])
