"""`POST /api/v1/classify` with warm caches, beside empty hops and beside a plain application.

    python -m bench.bench_classify [--quick]

runs it alone; --quick takes a second for each figure. Fetcher and model server are asked on every request; only the
platform is not, because the fetcher's cache knows the accounts.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.arrivals import Answer, Arrivals
from bench.closed_loop import percentile, run_load
from bench.peers import empty_server
from bench.peers.calls import Call, Client, grpc_client, http_client, works
from bench.peers.process import free_port, running
from bench.report import Figure, publish
from tests.integration.running_system import running_system

ROOT = Path(__file__).parents[1]
PATH = "/api/v1/classify"
CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """`seconds` for each load; what is compared runs in turn, `rounds` times, and medians count."""

    seconds: float = 4.0
    rounds: int = 5
    accounts: int = 20


@dataclass(frozen=True, slots=True)
class Servers:
    """A client of each."""

    ours: Client
    hops: Client
    grpc: Client
    plain: Client


def measure(settings: Settings | None = None) -> list[Figure]:
    """Everything of one run."""
    settings = settings or Settings()
    with _servers(settings) as servers:
        alone = {name: [] for name in ("ours", "hops", "grpc")}
        loads: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(settings.rounds):
            for name, taken in alone.items():
                taken.append(run_load(getattr(servers, name), 1, settings.seconds).percentile_ms(50))
            for name, rates in loads.items():
                rates.append(run_load(getattr(servers, name), CLIENTS, settings.seconds).per_second)
        ratios = [ours / (hops + grpc) for ours, hops, grpc in zip(*alone.values(), strict=True)]
        rate, plain = (statistics.median(loads[name]) for name in ("ours", "plain"))
        p99 = _at_fixed_rate(servers.ours, rate / 2, settings)
    middle = {name: statistics.median(taken) for name, taken in alone.items()}
    return [
        Figure("p50_ratio_to_floor", statistics.median(ratios), "", "<= 1.5"),
        Figure("throughput_ratio_to_plain", rate / plain, "", ">= 30"),
        Figure("p99_ms_at_fixed_rate", p99, "ms", "<= 100"),
        Figure("p50", middle["ours"], "ms", peers={"two empty hops": middle["hops"], "empty gRPC": middle["grpc"]}),
        Figure("throughput", rate, "requests/s", peers={"plain": plain}),
    ]


def _at_fixed_rate(client: Client, per_second: float, settings: Settings) -> float:
    """The 99th percentile in ms, counted from when each request should have begun."""
    local = threading.local()

    def ask(_: int) -> Answer:
        if not hasattr(local, "call"):
            local.call = client()
        local.call()
        return Answer(0, ())

    arrivals = Arrivals(ask, per_second)
    arrivals.start()
    time.sleep(settings.seconds * settings.rounds)
    samples = arrivals.stop()
    if failed := [sample.failure for sample in samples if sample.failure]:
        raise AssertionError(f"{len(failed)} requests failed, the first with: {failed[0]}")
    # The first moments open the connections of the workers.
    counted = [sample for sample in samples if sample.due > samples[0].due + 1] or samples
    return percentile(sorted(sample.latency_s for sample in counted), 99) * 1000


@contextmanager
def _servers(settings: Settings) -> Iterator[Servers]:
    """Everything that is measured, running side by side."""
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory())
        system = stack.enter_context(running_system(Path(state)))
        handles = [f"{('reg', 'bot', 'inf', 'fake')[number % 4]}_bench{number}" for number in range(settings.accounts)]
        ours = _in_turn(system.ports["GATEWAY_PORT"], [f"https://x.com/{handle}" for handle in handles])
        _warm_up(ours, settings.accounts)
        back, front, grpc, plain = (free_port() for _ in range(4))
        yield Servers(
            ours=ours,
            hops=_hops(stack, front, back),
            grpc=_grpc(stack, grpc),
            plain=_plain(stack, plain),
        )


def _hops(stack: ExitStack, front: int, back: int) -> Client:
    clients = [http_client("127.0.0.1", port, "/empty", b"{}") for port in (back, front)]
    for client, ports in zip(clients, ([back], [front, back]), strict=True):
        command = [sys.executable, "-m", "bench.peers.empty_hops", *map(str, ports)]
        stack.enter_context(running(command, lambda client=client: works(client), cwd=ROOT))  # type: ignore[misc]
    return clients[1]


def _grpc(stack: ExitStack, port: int) -> Client:
    client = grpc_client(f"127.0.0.1:{port}", empty_server.METHOD, b"")
    command = [sys.executable, "-m", "bench.peers.empty_server", str(port)]
    stack.enter_context(running(command, lambda: works(client), cwd=ROOT))
    return client


def _plain(stack: ExitStack, port: int) -> Client:
    body = json.dumps({"profile": "https://x.com/reg_bench0"}).encode()
    client = http_client("127.0.0.1", port, PATH, body)
    command = [sys.executable, "-m", "bench.plain.web_application", str(port)]
    stack.enter_context(running(command, lambda: works(client), cwd=ROOT))
    return client


def _in_turn(port: int, profiles: Sequence[str]) -> Client:
    """Each client asks about one account after the other over its connection."""
    bodies = [json.dumps({"profile": each}).encode() for each in profiles]
    first = itertools.count()

    def connect() -> Call:
        turn = itertools.cycle(range(len(bodies)))
        for _ in range(next(first) % len(bodies)):
            next(turn)
        connection = http_client("127.0.0.1", port, PATH, lambda: bodies[next(turn)])
        return connection()

    return connect


def _warm_up(client: Client, times: int) -> None:
    call = client()
    for _ in range(2 * times):
        call()


def main(arguments: Sequence[str]) -> None:
    """Measure by the arguments and publish, --quick runs only to the screen."""
    if "--quick" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            publish("classify", measure(Settings(1.0, 1)), Path(folder))
    else:
        print(f"Written to {publish('classify', measure())}")


if __name__ == "__main__":
    main(sys.argv[1:])
