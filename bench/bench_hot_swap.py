"""Ten swaps under load, straight at the local model server and through the gateway's HTTP API.

    python -m bench.bench_hot_swap [--quick] [--without-gateway]

runs it alone; --quick waits less between the swaps, to see that it works.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import numpy as np
import requests

from bench.arrivals import Answer, Sample
from bench.peers.calls import CallFailed
from bench.peers.contenders import PREDICT_METHOD
from bench.peers.process import free_port, running
from bench.report import Figure, publish
from bench.swap_commands import under_load
from bench.swap_judgement import Verdict, judge
from bench.swapped_versions import FIRST, SECOND, THIRD, add_unfit, fill, golden, write_versions
from contracts.model import CLASSES, FEATURES, MODEL_NAME, PROBABILITIES, STABLE
from contracts.serving_protos import PredictRequest, PredictResponse
from contracts.tensors import from_proto, to_proto
from serving.config import Config
from serving.launch import LOCAL_ONLY, server_flags
from serving.replicas import Replica, ReplicaError
from serving.seed import seed
from serving.store import Store
from tests.integration.running_system import System, running_system

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
        write_versions(versions)
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
    fill(store, versions)
    list(seed(store, folder, datetime.now(UTC)))
    add_unfit(store, versions)
    port = free_port(1)
    config = Config(folder, folder, (f"127.0.0.1:{port}",), "http://127.0.0.1:1")
    flags = server_flags(config, port=port, rest_port=port + 1)
    command = [sys.executable, "-m", "serving.local_server", *flags, *LOCAL_ONLY, "--bind_address=127.0.0.1"]
    answers = {number: golden(versions / str(number)) for number in (FIRST, SECOND, THIRD)}
    rows = answers[FIRST][0]
    expected = {
        (number, row): tuple(values)
        for number, (_, probabilities) in answers.items()
        for row, values in enumerate(probabilities.tolist())
    }
    with running(command, lambda: _is_stable(config.servers[0], FIRST)), _predict(config.servers[0], rows) as ask:
        samples, swaps = under_load(ask, settings.grpc_rate, settings.quiet_s, store, config.servers[0])
    return judge(samples, swaps, expected, len(rows))


def _through_gateway(state: Path, versions: Path, settings: Settings) -> Verdict:
    """POST /api/v1/classify of a few accounts, whose profiles the fetcher has cached by then."""
    store = Store(state / "models")
    fill(store, versions)
    list(seed(store, store.folder, datetime.now(UTC)))
    add_unfit(store, versions)
    with running_system(state, SHIPPED_MODELS=str(versions.parent / "nothing")) as system:
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))

        def ask(index: int) -> Answer:
            return _classify(session, system, index % ACCOUNTS)

        for index in range(ACCOUNTS):
            ask(index)
        server = f"127.0.0.1:{system.ports['MODEL_GRPC_PORT']}"
        samples, swaps = under_load(ask, settings.gateway_rate, settings.quiet_s, store, server)
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
