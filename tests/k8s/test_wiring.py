"""Names, ports and probes of the manifests are those of the services themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from flask import Flask
from werkzeug.test import Client

from fetcher.app import create_app as create_fetcher
from fetcher.config import Config as FetcherConfig
from fetcher.emulator.app import Emulator
from gateway.app import create_app as create_gateway
from gateway.config import Config as GatewayConfig
from tests.gateway.fakes import FakeFetcher, FakeModel
from tests.k8s.manifests import (
    FOLDER,
    JOBS,
    NAME,
    OVERLAYS,
    ROOT,
    Document,
    containers,
    job,
    of_kind,
    overlay,
    pod_template,
    render,
)

WORKLOADS = ("Deployment", "StatefulSet")
DOCUMENTATION = ROOT / "docs" / "configuration.md"
COMPOSE = ROOT / "docker-compose.yml"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
SECRETS = dict(line.split("=", 1) for line in (FOLDER / "overlays" / "local" / "local-secrets.env").read_text().split())
"""What stands in the files that the settings name."""
MODEL_STATUS = {"/v1/models/rollcall", "/v1/models/rollcall/labels/stable/metadata"}
REPLICATED = {"gateway", "worker", "fetcher", "model-server"}
PUBLIC_HOPS = {("fetcher", 443)}
"""Who reaches outside of the cluster."""
HOPS = {
    ("gateway", "fetcher", 8001),
    ("worker", "fetcher", 8001),
    ("gateway", "model-server", 8500),
    ("worker", "model-server", 8500),
    ("promotion", "model-server", 8500),
    ("score", "model-server", 8500),
    ("promotion", "gateway", 8000),
    ("gateway", "fetcher", 9101),
    ("gateway", "worker", 9102),
    ("gateway", "postgres", 5432),
    ("worker", "postgres", 5432),
    ("gateway", "redis", 6379),
    ("worker", "redis", 6379),
    ("fetcher", "redis", 6379),
}
EMULATED_HOPS = {("gateway", "emulator", 8002), ("fetcher", "emulator", 8002)}
SCRAPED = {("gateway", 9100), ("fetcher", 9101), ("worker", 9102), ("model-server", 8501)}


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_selector_finds_pods_and_every_port_is_one_of_theirs(name: str) -> None:
    documents = overlay(name)
    pods = {each["metadata"]["name"]: pod_template(each) for each in of_kind(documents, *WORKLOADS)}
    for workload in of_kind(documents, *WORKLOADS):
        wanted = workload["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= pod_template(workload)["metadata"]["labels"].items()
    for service in of_kind(documents, "Service"):
        selector = service["spec"]["selector"]
        found = [pod for pod in pods.values() if selector.items() <= pod["metadata"]["labels"].items()]
        assert len(found) == 1, service["metadata"]["name"]
        ports = {port["name"] for each in found[0]["spec"]["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for each in of_kind(documents, "HorizontalPodAutoscaler"):
        assert each["spec"]["scaleTargetRef"]["name"] in pods
    for each in of_kind(documents, "PodDisruptionBudget"):
        assert each["spec"]["selector"]["matchLabels"][NAME] in pods


def test_probes_ask_routes_that_the_services_have(tmp_path: Path) -> None:
    state = {"STATE_DIR": str(tmp_path)}
    routes = {
        "gateway": _routes(create_gateway(GatewayConfig(), fetcher=FakeFetcher(), model=FakeModel())),
        "fetcher": _routes(create_fetcher(FetcherConfig.from_environ(state))),
        "emulator": {path for path in ["/livez"] if Client(Emulator()).get(path).status_code == 200},
        "worker": {"/metrics"},
        "model-server": MODEL_STATUS,
    }
    asked = set()
    for workload in of_kind(overlay("local"), *WORKLOADS):
        name = workload["metadata"]["name"]
        for container in containers(workload):
            ports = {port["name"] for port in container.get("ports", [])}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = container.get(kind, {})
                if "httpGet" in probe:
                    assert probe["httpGet"]["path"] in routes[name]
                    assert probe["httpGet"]["port"] in ports
                    asked.add((name, kind))
    assert {name for name, _ in asked} == routes.keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_network_policies_allow_the_hops_of_the_design_and_nothing_else(name: str) -> None:
    policies = list(of_kind(overlay(name), "NetworkPolicy"))
    assert any(each["spec"]["podSelector"] == {} and "ingress" not in each["spec"] for each in policies)
    going, coming, outside = set(), set(), set()
    for policy in policies:
        for subject in _selected(policy["spec"]["podSelector"]):
            for rule in policy["spec"].get("egress", []):
                for port in _ports(rule, without=53):
                    going |= {(subject, to, port) for to in _peers(rule.get("to", []))}
                    outside |= {(subject, port) for peer in rule.get("to", []) if "ipBlock" in peer}
            for rule in policy["spec"].get("ingress", []):
                for port in _ports(rule):
                    coming |= {(source, subject, port) for source in _peers(rule.get("from", []))}
    emulated = EMULATED_HOPS if any(each["metadata"]["name"] == "emulator" for each in policies) else set()
    assert going == HOPS | emulated
    assert coming == HOPS - {("promotion", "gateway", 8000)} | emulated | {("prometheus", *each) for each in SCRAPED}
    assert outside == PUBLIC_HOPS


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_pod_is_restricted(name: str) -> None:
    for workload in [*of_kind(overlay(name), *WORKLOADS), *map(job, JOBS)]:
        spec = pod_template(workload)["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(workload):
            context = container["securityContext"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]


def test_claims_secrets_and_accounts_that_pods_name_are_there() -> None:
    documents = overlay("local")
    there = {(each["kind"], each["metadata"]["name"]) for each in documents}
    for workload in [*of_kind(documents, *WORKLOADS), job("promotion")]:
        spec = pod_template(workload)["spec"]
        assert ("ServiceAccount", spec["serviceAccountName"]) in there
        for volume in spec["volumes"]:
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in there
            if "secret" in volume:
                assert ("Secret", volume["secret"]["secretName"]) in there
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in there


@pytest.mark.parametrize("name", OVERLAYS)
def test_settings_are_those_that_the_services_read(name: str, tmp_path: Path) -> None:
    documented = DOCUMENTATION.read_text("utf-8")
    read: dict[str, Callable[[dict[str, str]], object]] = {
        "gateway": GatewayConfig.from_environ,
        "worker": GatewayConfig.from_environ,
        "fetcher": FetcherConfig.from_environ,
    }
    for config in of_kind(overlay(name), "ConfigMap"):
        service = config["metadata"]["name"].partition("-config")[0]
        for variable in config["data"] if service in {*read, "emulator"} else ():
            base = variable.removesuffix("_FILE")
            assert f"`{variable}`" in documented or f"`{base}`" in documented, f"{service}: {variable}"
        if service in read:
            read[service]({key: _with_files(key, value, tmp_path) for key, value in config["data"].items()})


@pytest.mark.parametrize("name", OVERLAYS)
def test_nobody_is_killed_while_waiting_for_the_database(name: str) -> None:
    documents = overlay(name)
    configs = {_name(each): each["data"] for each in of_kind(documents, "ConfigMap")}
    waiting = set()
    for workload in of_kind(documents, *WORKLOADS):
        container = pod_template(workload)["spec"]["containers"][0]
        settings = [configs[each["configMapRef"]["name"]] for each in container.get("envFrom", [])]
        seconds = sum(float(each.get("DATABASE_START_WAIT_S", 0)) for each in settings)
        if seconds:
            probe = container["startupProbe"]
            assert probe["periodSeconds"] * probe["failureThreshold"] >= seconds + 30
            waiting.add(_name(workload))
    assert waiting == {source for source, to, _ in HOPS if to == "postgres"}


def test_one_machine_has_room_for_the_local_overlay_while_a_release_is_rolled_out() -> None:
    asked = {}
    for workload in of_kind(overlay("local"), *WORKLOADS):
        assert workload["spec"]["replicas"] == 1
        pod = pod_template(workload)["spec"]
        starting, running = (
            [int(each["resources"]["requests"]["cpu"].removesuffix("m")) for each in pod.get(kind, [])]
            for kind in ("initContainers", "containers")
        )
        asked[_name(workload)] = max([sum(running), *starting])
    # A next pod stands beside the one that it replaces; all of them at once where a setting of all changes.
    assert sum(asked.values()) + sum(milli for name, milli in asked.items() if name not in {"redis", "postgres"}) < 1000


def test_the_replicas_of_a_release_are_spread_without_regard_to_the_last_one() -> None:
    spread = set()
    for workload in of_kind(overlay("production"), "Deployment"):
        for constraint in pod_template(workload)["spec"]["topologySpreadConstraints"]:
            assert constraint["labelSelector"]["matchLabels"] == workload["spec"]["selector"]["matchLabels"]
            assert constraint["matchLabelKeys"] == ["pod-template-hash"]
            spread.add((_name(workload), constraint["topologyKey"].rpartition("/")[2]))
    assert spread == {(name, key) for name in REPLICATED for key in ("hostname", "zone")}


def test_what_all_replicas_share_keeps_a_new_one_out_and_takes_none_away() -> None:
    # Away for a while, database, model or Redis would take all of them, and leave nobody to say when to come back.
    for workload in of_kind(overlay("production"), "Deployment"):
        container = pod_template(workload)["spec"]["containers"][0]
        probe = container["readinessProbe"]
        assert probe["periodSeconds"] * (probe["failureThreshold"] - 1) >= 10, _name(workload)
        if _name(workload) in {"gateway", "fetcher"}:
            assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
            assert probe["httpGet"]["path"] == "/livez"


def test_an_apply_leaves_the_replicas_to_the_autoscalers(tmp_path: Path) -> None:
    # From the folder of the test up to the root and down again: kustomize takes no absolute path.
    k8s = Path(*[".."] * (len(tmp_path.parts) - 1), *FOLDER.parts[1:])
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [str(k8s / "overlays" / "production")],
        "components": [str(k8s / "components" / "autoscaling-by-load")],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    for documents in (overlay("production"), render(tmp_path)):
        scaled = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind(documents, "HorizontalPodAutoscaler")}
        fixed = {_name(each) for each in of_kind(documents, *WORKLOADS) if "replicas" in each["spec"]}
        assert scaled >= {"gateway", "model-server"}
        assert not scaled & fixed
        assert scaled | fixed == {_name(each) for each in of_kind(documents, *WORKLOADS)}
    assert "worker" in scaled


def test_images_are_those_of_compose() -> None:
    compose = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    there = {each["image"].replace("${ROLLCALL_VERSION:-0.1.0}", VERSION) for each in compose.values()}
    there |= {f"rollcall/model-server:{VERSION}", "google/cloud-sdk:500.0.0-slim"}
    for name in OVERLAYS:
        for workload in [*of_kind(overlay(name), *WORKLOADS), *map(job, JOBS)]:
            for container in containers(workload):
                assert container["image"] in there
                assert container["imagePullPolicy"] == "IfNotPresent"


def test_model_server_is_started_as_compose_starts_it() -> None:
    flags = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["model-server"]["command"]
    deployment = next(each for each in of_kind(overlay("local"), "Deployment") if _name(each) == "model-server")
    ours = pod_template(deployment)["spec"]["containers"][0]["args"]
    assert [flag for flag in ours if not flag.startswith("--grpc_channel_arguments=")] == flags


def test_secrets_that_the_settings_name_are_in_the_secret() -> None:
    documents = overlay("local")
    secret = next(of_kind(documents, "Secret"))
    for config in of_kind(documents, "ConfigMap"):
        for name, value in config["data"].items():
            if name.endswith("_FILE") and value:
                assert Path(value).name in secret["data"], f"{config['metadata']['name']}: {name}"


def _name(document: Document) -> str:
    return str(document["metadata"]["name"])


def _with_files(name: str, value: str, folder: Path) -> str:
    """A setting whose file is there, as it is in the pod."""
    if not name.endswith("_FILE") or not value:
        return value
    file = folder / Path(value).name
    file.write_text(SECRETS.get(file.name, "an-invented-token"))
    return str(file)


def _routes(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()}


def _selected(selector: Document) -> list[str]:
    if "matchExpressions" in selector:
        return [value for each in selector["matchExpressions"] for value in each["values"]]
    return [selector["matchLabels"][NAME]] if selector else []


def _peers(peers: Iterable[Document]) -> set[str]:
    return {peer["podSelector"]["matchLabels"][NAME] for peer in peers if NAME in _labels(peer)}


def _labels(peer: Document) -> Document:
    labels: Document = peer.get("podSelector", {}).get("matchLabels", {})
    return labels


def _ports(rule: Document, without: int | None = None) -> set[int]:
    return {port["port"] for port in rule.get("ports", []) if port["port"] != without}
