"""Runs the whole system on this machine, without containers: `make run`.

Model server, fetcher, emulated platforms, gateway and worker on 127.0.0.1; ports and places come from the environment
(docs/configuration.md). Ctrl-C stops everything.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.supervisor import Part, PartFailed, Supervisor, answers, is_free, tail, usable_cores

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PORTS = {
    "GATEWAY_PORT": 8000,
    "FETCHER_PORT": 8001,
    "EMULATOR_PORT": 8002,
    "MODEL_GRPC_PORT": 8500,
    "MODEL_REST_PORT": 8501,
    "GATEWAY_METRICS_PORT": 9100,
    "FETCHER_METRICS_PORT": 9101,
    "WORKER_METRICS_PORT": 9102,
}
MEGABYTES_NEEDED = 100
SMALL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}
"""Sixteen threads of Python share one lock: heaps and buffers of their own would only take memory."""


class CannotRun(Exception):  # noqa: N818 - it is what happened.
    """Something on this machine is in the way; the message says what and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything listens and writes."""

    ports: Mapping[str, int]
    state: Path
    live: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check the environment; raises CannotRun with every mistake in one message."""
        mistakes = []
        ports = {}
        for name, default in PORTS.items():
            text = environ.get(name, "") or str(default)
            ports[name] = int(text) if text.isdecimal() else 0
            if not 0 < ports[name] < 65536:
                mistakes.append(f"{name} is {text!r}; it must be a port from 1 to 65535.")
        for name, port in ports.items():
            twin = next((other for other, number in ports.items() if number == port and other != name), None)
            if twin and twin < name:
                mistakes.append(f"{twin} and {name} are both {port}; give each its own.")
        platforms = environ.get("PLATFORMS", "") or "emulated"
        if platforms not in {"emulated", "live"}:
            mistakes.append(f"PLATFORMS is {platforms!r}; it must be emulated or live.")
        if mistakes:
            raise CannotRun("\n".join(mistakes))
        home = Path(environ.get("XDG_STATE_HOME", "") or Path.home() / ".local" / "state") / "rollcall"
        return cls(ports, Path(environ.get("STATE_DIR", "") or home).absolute(), platforms == "live")


def check_machine(settings: Settings) -> None:
    """Raise CannotRun if a port is taken or the state has no room."""
    taken = [f"{name} {port}" for name, port in settings.ports.items() if not is_free(HOST, port)]
    if taken:
        raise CannotRun(
            f"Already in use: {', '.join(taken)}. Stop what listens there, or choose others, "
            "for example: make run GATEWAY_PORT=8010"
        )
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"STATE_DIR {settings.state} cannot be made: {error.strerror}.") from None
    if not os.access(settings.state, os.W_OK):
        raise CannotRun(f"STATE_DIR {settings.state} cannot be written to.")
    if shutil.disk_usage(settings.state).free < MEGABYTES_NEEDED * 1e6:
        raise CannotRun(f"STATE_DIR {settings.state} has less than {MEGABYTES_NEEDED} MB of free disk.")


def parts_of(settings: Settings, environ: Mapping[str, str], cores: Sequence[int] = ()) -> list[Part]:
    """The processes of the system, with the addresses at which they find each other.

    Of several `cores` the gateway keeps to the last. Its threads take turns with Python's lock, so that they never need
    a second one, and moved from one to another they find nothing of theirs in its cache: on two cores it then takes 10
    to 20% more of the processor's time for a classification.
    """
    port = settings.ports
    store = Path(environ.get("MODEL_STORE", "") or settings.state / "models")
    shared = {
        "STATE_DIR": str(settings.state),
        "MODEL_STORE": str(store),
        "FETCHER_URL": f"http://{HOST}:{port['FETCHER_PORT']}",
        "EMULATOR_URL": f"http://{HOST}:{port['EMULATOR_PORT']}",
        "MODEL_SERVER": f"{HOST}:{port['MODEL_GRPC_PORT']}",
        "FETCHER_METRICS_URL": f"http://{HOST}:{port['FETCHER_METRICS_PORT']}/metrics",
        "WORKER_METRICS_URL": f"http://{HOST}:{port['WORKER_METRICS_PORT']}/metrics",
        "PYTHONUNBUFFERED": "1",
        **{name: str(number) for name, number in port.items()},
    }

    def service(name: str, module: str, ready: str) -> Part:
        return Part(name, [sys.executable, "-m", module], shared | SMALL, lambda: answers(ready))

    model_status = f"http://{HOST}:{port['MODEL_REST_PORT']}/v1/models/rollcall"
    parts = [
        Part("model server", [sys.executable, "-m", "serving", "serve"], shared, lambda: answers(model_status)),
        service("fetcher", "fetcher", f"{shared['FETCHER_URL']}/readyz"),
        service("gateway", "gateway", f"http://{HOST}:{port['GATEWAY_PORT']}/readyz"),
        service("worker", "gateway.worker", f"http://{HOST}:{port['WORKER_METRICS_PORT']}/metrics"),
    ]
    if not settings.live:
        parts.insert(1, service("emulated platforms", "fetcher.emulator", f"{shared['EMULATOR_URL']}/livez"))
    core = cores[-1] if len(cores) > 1 else None
    return [replace(part, core=core) if part.name == "gateway" else part for part in parts]


def seed_store(environment: Mapping[str, str]) -> None:
    """Put the shipped versions into the model store where they are not yet; raises CannotRun."""
    done = subprocess.run(
        [sys.executable, "-m", "serving", "seed"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if done.returncode != 0:
        raise CannotRun(f"The model store could not be filled: {done.stderr.strip() or done.stdout.strip()}")


def main() -> int:
    """Run until a signal or a failure; returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    os.chdir(ROOT)
    try:
        settings = Settings.read(os.environ)
        check_machine(settings)
        parts = parts_of(settings, os.environ, usable_cores())
        seed_store(parts[0].environment)
        with Supervisor(settings.state / "logs") as supervisor:
            for part in parts:
                supervisor.start(part)
            supervisor.wait_ready()
            print(f"Rollcall is running: http://{HOST}:{settings.ports['GATEWAY_PORT']}/ (Ctrl-C stops it)", flush=True)
            while True:
                supervisor.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        print("Stopped.", flush=True)
        return 0
    except CannotRun as error:
        print(error, file=sys.stderr)
    except PartFailed as error:
        print(f"{error}; everything was stopped. Its last lines ({error.log}):\n{tail(error.log)}", file=sys.stderr)
    return 1


def _stop(*_: object) -> None:
    """A second signal must not cut the stopping short, so they are ignored from here on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
