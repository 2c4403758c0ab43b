"""Ten swaps under load, straight at the local model server and through the gateway's HTTP API.

    python -m bench.bench_hot_swap [--quick] [--without-gateway]

runs it alone; --quick waits less between the swaps, to see that it works.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import numpy as np
import requests

from bench.arrivals import Answer, Arrivals, Sample
from bench.peers.calls import CallFailed
from bench.peers.contenders import PREDICT_METHOD
from bench.peers.process import free_port, running
from bench.report import Figure, publish
from bench.swap_judgement import Swap, Verdict, judge
from contracts.model import CLASSES, FEATURES, MODEL_NAME, PROBABILITIES, STABLE
from contracts.serving_protos import PredictRequest, PredictResponse
from contracts.tensors import from_proto, to_proto
from serving.config import SHIPPED, Config
from serving.launch import server_flags
from serving.replicas import Replica, ReplicaError
from serving.seed import seed
from serving.store import Store
from serving.version_checks import GOLDEN
from tests.integration.running_system import System, running_system
from tests.serving.store_models import write_manifest

ROOT = Path(__file__).parents[1]
FIRST, SECOND, THIRD, BROKEN, HALF = 1, 2, 3, 4, 5
"""The versions of the store: three that work, one that does not load, one that was copied half."""

COMMANDS: Sequence[tuple[tuple[str, ...], int]] = (
    (("promote", str(SECOND)), SECOND),
    (("canary", str(THIRD)), SECOND),
    (("canary", "--off"), SECOND),
    (("rollback",), FIRST),
    (("promote", str(THIRD)), THIRD),
    (("promote", str(BROKEN)), THIRD),
    (("promote", str(HALF)), THIRD),
    (("promote", str(SECOND)), SECOND),
    (("rollback",), THIRD),
    (("promote", str(FIRST)), FIRST),
)
"""Each command and the version that is stable after it."""

SETTLING_S = 0.5
"""A swap counts until so long after its command, since versions are unloaded when it has ended."""

LABEL_BELIEF_S = 1.5
"""The gateway asks once a second what a label names; the rest is the time of a request."""

ACCOUNTS = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """`quiet_s` passes before the first swap, between two and after the last; rates are requests per second."""

    quiet_s: float = 6.0
    grpc_rate: float = 150.0
    gateway_rate: float = 15.0
    gateway: bool = True


def measure(settings: Settings | None = None) -> list[Figure]:
    """Both ways in one run."""
    settings = settings or Settings()
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions"
        _write_versions(versions)
        direct = _direct(Path(folder) / "direct", versions, settings)
        through = _through_gateway(Path(folder) / "state", versions, settings) if settings.gateway else None
    return _figures(direct, through)


def _figures(direct: Verdict, through: Verdict | None) -> list[Figure]:
    verdicts = [verdict for verdict in (direct, through) if verdict]
    figures = [
        Figure("failed", sum(verdict.failed for verdict in verdicts), "requests", "== 0"),
        Figure("wrong_version", sum(verdict.wrong_version for verdict in verdicts), "answers", "== 0"),
        Figure("p99_ratio", direct.p99_ratio, "", "<= 2"),
    ]
    if through:
        figures.append(Figure("gateway_p99_ratio", through.p99_ratio, "", "<= 2"))
    for name, verdict in (("grpc", direct), ("gateway", through)):
        if verdict:
            figures += [
                Figure(f"{name}_requests", verdict.requests, "requests"),
                Figure(f"{name}_quiet_p99", verdict.quiet_p99_s * 1000, "ms"),
                Figure(f"{name}_swapping_p99", verdict.swapping_p99_s * 1000, "ms"),
            ]
    return figures


def _direct(folder: Path, versions: Path, settings: Settings) -> Verdict:
    """Predict with the label `stable` over gRPC, nothing retried."""
    store = Store(folder)
    _fill(store, versions)
    list(seed(store, folder, datetime.now(UTC)))
    _add_unfit(store, versions)
    port = free_port(1)
    config = Config(folder, folder, (f"127.0.0.1:{port}",), "http://127.0.0.1:1")
    flags = server_flags(config, port=port, rest_port=port + 1)
    command = [sys.executable, "-m", "serving.local_server", *flags, "--bind_address=127.0.0.1"]
    golden = {number: _golden(versions / str(number)) for number in (FIRST, SECOND, THIRD)}
    rows = golden[FIRST][0]
    expected = {
        (number, row): tuple(values)
        for number, (_, probabilities) in golden.items()
        for row, values in enumerate(probabilities.tolist())
    }
    with running(command, lambda: _is_stable(config.servers[0], FIRST)), _predict(config.servers[0], rows) as ask:
        samples, swaps = _under_load(ask, settings.grpc_rate, settings.quiet_s, store, config.servers[0])
    return judge(samples, swaps, expected, len(rows))


def _through_gateway(state: Path, versions: Path, settings: Settings) -> Verdict:
    """POST /api/v1/classify of a few accounts, whose profiles the fetcher has cached by then."""
    store = Store(state / "models")
    _fill(store, versions)
    list(seed(store, store.folder, datetime.now(UTC)))
    _add_unfit(store, versions)
    with running_system(state, SHIPPED_MODELS=str(versions.parent / "nothing")) as system:
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))

        def ask(index: int) -> Answer:
            return _classify(session, system, index % ACCOUNTS)

        for index in range(ACCOUNTS):
            ask(index)
        server = f"127.0.0.1:{system.ports['MODEL_GRPC_PORT']}"
        samples, swaps = _under_load(ask, settings.gateway_rate, settings.quiet_s, store, server)
    return judge(samples, swaps, _consensus(samples), ACCOUNTS, LABEL_BELIEF_S)


def _classify(session: requests.Session, system: System, account: int) -> Answer:
    body = {"profile": f"https://x.com/{('reg_', 'bot_', 'inf_', 'fake_')[account % 4]}otter{account}"}
    try:
        answer = session.post(system.url("GATEWAY_PORT", "/api/v1/classify"), json=body, timeout=30)
    except requests.RequestException as error:
        raise CallFailed(str(error)) from error
    if answer.status_code != 200:
        raise CallFailed(f"{answer.status_code} {answer.text[:300]}")
    document = answer.json()
    return Answer(int(document["model"]["version"]), tuple(document["probabilities"][name] for name in CLASSES))


def _consensus(samples: Sequence[Sample]) -> dict[tuple[int, int], tuple[float, ...]]:
    """What each version says of each account most often."""
    seen: dict[tuple[int, int], Counter[tuple[float, ...]]] = {}
    for sample in samples:
        if sample.answer is not None:
            key = (sample.answer.version, sample.index % ACCOUNTS)
            seen.setdefault(key, Counter())[sample.answer.probabilities] += 1
    return {key: counter.most_common(1)[0][0] for key, counter in seen.items()}


def _under_load(
    ask: Callable[[int], Answer], rate: float, quiet_s: float, store: Store, server: str
) -> tuple[list[Sample], list[Swap]]:
    """Run the ten commands while requests arrive."""
    for index in range(32):
        ask(index)
    load, swaps, stable = Arrivals(ask, rate), [], FIRST
    load.start()
    time.sleep(quiet_s)
    for arguments, after in COMMANDS:
        began = time.perf_counter()
        _command(arguments, store, server, refused=str(BROKEN) in arguments or str(HALF) in arguments)
        time.sleep(SETTLING_S)
        swaps.append(Swap(began, time.perf_counter(), stable, after))
        stable = after
        time.sleep(quiet_s)
    samples = load.stop()
    for failure, times in Counter(sample.failure for sample in samples if sample.failure).most_common(3):
        print(f"{times} failed: {failure}", file=sys.stderr)
    return samples, swaps


def _command(arguments: Sequence[str], store: Store, server: str, *, refused: bool) -> None:
    """`python -m serving ...` as an operator would run it."""
    environment = os.environ | {"MODEL_STORE": str(store.folder), "MODEL_SERVERS": server}
    command = [sys.executable, "-m", "serving", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True, timeout=150)
    if (done.returncode == 0) == refused:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def _predict(server: str, rows: np.ndarray) -> Iterator[Callable[[int], Answer]]:
    """A client that asks the version labelled stable for one row."""
    bodies = []
    for row in rows:
        request = PredictRequest()
        request.model_spec.name, request.model_spec.version_label = MODEL_NAME, STABLE
        request.inputs[FEATURES].CopyFrom(to_proto(row[np.newaxis]))
        bodies.append(request.SerializeToString())
    with grpc.insecure_channel(server) as channel:
        call = channel.unary_unary(PREDICT_METHOD, response_deserializer=PredictResponse.FromString)

        def ask(index: int) -> Answer:
            try:
                response = call(bodies[index % len(bodies)], timeout=10)
            except grpc.RpcError as error:
                raise CallFailed(f"{error.code()} {error.details()}") from error
            values = from_proto(response.outputs[PROBABILITIES])[0]
            return Answer(int(response.model_spec.version.value), tuple(values.tolist()))

        yield ask


def _is_stable(server: str, version: int) -> bool:
    with contextlib.suppress(ReplicaError), Replica(server) as replica:
        return replica.labelled(STABLE) == version
    return False


def _golden(version: Path) -> tuple[np.ndarray, np.ndarray]:
    rows: Sequence[Mapping[str, object]] = json.loads((version / GOLDEN).read_text("utf-8"))
    return (
        np.array([row["features"] for row in rows], np.float32),
        np.array([row["probabilities"] for row in rows], np.float64),
    )


def _write_versions(folder: Path) -> None:
    """The shipped version and two that can be told from it."""
    shipped = Store(SHIPPED)
    shutil.copytree(shipped.version(shipped.versions()[-1]), folder / str(FIRST))
    for number, share in ((SECOND, 0.1), (THIRD, 0.2)):
        command = [sys.executable, "-m", "bench.version_variant"]
        arguments = [str(folder / str(FIRST)), str(folder / str(number)), str(share)]
        subprocess.run([*command, *arguments], check=True, capture_output=True, cwd=ROOT, timeout=180)


def _fill(store: Store, versions: Path) -> None:
    store.publish(versions / str(FIRST), FIRST)


def _add_unfit(store: Store, versions: Path) -> None:
    """The other versions, the two that must be refused among them."""
    for number in (SECOND, THIRD):
        store.publish(versions / str(number), number)
    broken = store.publish(versions / str(SECOND), BROKEN)
    (broken / "saved_model.pb").write_bytes(b"nonsense")
    write_manifest(broken)
    half = store.publish(versions / str(SECOND), HALF)
    shutil.rmtree(half / "variables")


def main(arguments: Sequence[str]) -> None:
    """Measure by the arguments and publish, --quick runs only to the screen."""
    gateway = "--without-gateway" not in arguments
    if "--quick" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            publish("hot-swap", measure(Settings(quiet_s=1.0, gateway=gateway)), Path(folder))
    else:
        print(f"Written to {publish('hot-swap', measure(Settings(gateway=gateway)))}")


if __name__ == "__main__":
    main(sys.argv[1:])
