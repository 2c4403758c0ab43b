"""The containers of one folder, handled as their operator does: by make, docker-compose and the published address."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from tests.compose.engine import Engine

ONE_SHOT = {"keys", "seed", "tools", "database-password"}
"""Services that end by themselves."""


@dataclass(frozen=True, slots=True)
class State:
    """What the engine says of a container; `restarts` counts what its restart policy did."""

    status: str
    health: str
    restarts: int
    pid: int


class Stack:
    """A folder with the project's files and a `.env` of `settings`; `services` are those that keep running."""

    def __init__(self, engine: Engine, folder: Path, project: str, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._engine = engine
        self._project = project
        self._settings = {"COMPOSE_PROJECT_NAME": project, **settings}

    def fill(self, copy: Callable[[Path], None]) -> None:
        """Bring the folder to the files that `copy` writes, as a pull does: what is the same is not touched."""
        with TemporaryDirectory() as temporary:
            source = Path(temporary)
            copy(source)
            (source / ".env").write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))
            wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
            for path in list(self.folder.rglob("*")):
                name = path.relative_to(self.folder)
                if path.is_file() and name.parts[0] != "secrets" and name not in wanted:
                    path.unlink()
            for name in wanted:
                if not _same(source / name, self.folder / name):
                    (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(source / name, self.folder / name)

    @cached_property
    def services(self) -> set[str]:
        """The services of the compose files that are to keep running."""
        return set(self.compose("config", "--services").split()) - ONE_SHOT

    def make(self, *arguments: str, timeout: float = 600) -> str:
        """Run make; what it printed. Raises AssertionError with the end of that where it fails."""
        return self._run("make", *arguments, timeout=timeout)

    def compose(self, *arguments: str, given: str | None = None, timeout: float = 300) -> str:
        """Run docker-compose."""
        return self._run("docker-compose", *arguments, given=given, timeout=timeout)

    def shell(self, lines: str, timeout: float = 300) -> str:
        """Run lines of the documentation in the folder; they say `docker compose`, whatever it is called here."""
        return self._run("sh", "-ec", lines.replace("docker compose", "docker-compose"), timeout=timeout)

    def python(self, service: str, code: str, given: str = "", timeout: float = 120) -> str:
        """Run `code` inside a running container, with `given` as its standard input."""
        return self.compose("exec", "-T", service, "python", "-c", code, given=given, timeout=timeout)

    def container(self, service: str) -> str:
        """The id of its container, running or not."""
        labels = (f"project={self._project}", f"service={service}", "oneoff=False")
        filters = [part for each in labels for part in ("--filter", f"label=com.docker.compose.{each}")]
        return self._engine.docker("ps", "--all", "--quiet", *filters).stdout.strip()

    def state(self, service: str) -> State:
        """How its container is now."""
        found = json.loads(self._engine.docker("inspect", self.container(service)).stdout)[0]
        state = found["State"]
        health = state.get("Health", {}).get("Status", "none")
        return State(state["Status"], health, found["RestartCount"], state["Pid"])

    def kill(self, service: str) -> None:
        """`docker kill`."""
        self._engine.docker("kill", self.container(service))

    def wait_healthy(self, seconds: float, services: Collection[str] | None = None) -> float:
        """Wait until `services` (all that keep running) are healthy; how many seconds that took."""
        began = time.monotonic()
        waiting = set(services or self.services)
        while waiting:
            states = {name: self.state(name) for name in waiting}
            waiting = {name for name, state in states.items() if (state.status, state.health) != ("running", "healthy")}
            if waiting and time.monotonic() - began > seconds:
                name = min(waiting)
                log = self.compose("logs", "--no-color", "--tail=30", name)
                raise AssertionError(f"{states[name]} after {seconds:.0f} s:\n{log}")
            time.sleep(0.2)
        return time.monotonic() - began

    def published(self, service: str) -> list[str]:
        """The addresses of this machine at which it is reached."""
        found = json.loads(self._engine.docker("inspect", self.container(service)).stdout)[0]
        ports = found["NetworkSettings"]["Ports"].values()
        return [binding["HostIp"] for bindings in ports for binding in bindings or ()]

    def memory_mb(self) -> dict[str, float]:
        """What each service holds now, as the engine counts it for its limit, in MB of 1024 x 1024 bytes."""
        units = {"B": 2**-20, "KiB": 2**-10, "MiB": 1.0, "GiB": 2.0**10}
        held = {}
        for service in self.services:
            text = self._engine.docker(
                "stats", "--no-stream", "--format", "{{.MemUsage}}", self.container(service)
            ).stdout
            number = text.split("/")[0].strip()
            unit = number.lstrip("0123456789.")
            held[service] = float(number.removesuffix(unit)) * units[unit]
        return held

    def volumes(self) -> set[str]:
        """The names of its volumes, without the project's."""
        found = self._engine.docker("volume", "ls", "--quiet", "--filter", f"name={self._project}_").stdout.split()
        return {name.removeprefix(f"{self._project}_") for name in found}

    def remove_volumes(self, names: Collection[str]) -> None:
        """Delete volumes that no container uses any more."""
        self._engine.docker("volume", "rm", *(f"{self._project}_{name}" for name in sorted(names)))

    def url(self, path: str, port: str = "GATEWAY_PORT") -> str:
        """An address that is published."""
        return f"http://127.0.0.1:{self._settings[port]}{path}"

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> requests.Response:
        """A request to the gateway, with `key` where one is needed."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        return requests.request(method, self.url(path), headers=headers, timeout=30, **more)

    def _run(self, *command: str, given: str | None = None, timeout: float) -> str:
        # Variables of whoever runs the test must not get in: what counts is `.env`.
        kept = re.compile("PATH|HOME|LANG|(DOCKER|BUILDKIT|COMPOSE_DOCKER)_.*")
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={name: value for name, value in self._engine.environment.items() if kept.fullmatch(name)},
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command[:6])}:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def copy_of(root: Path) -> Callable[[Path], None]:
    """Copies the files of `root` that Git knows or would take, as they are now."""

    def copy(folder: Path) -> None:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names: Sequence[str] = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=True, timeout=60
        ).stdout.split("\0")
        for name in filter(None, names):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)

    return copy


def previous_state(root: Path) -> tuple[str, Callable[[Path], None]] | None:
    """What an upgrade comes from: the newest release, or the commit before this one; None without a history."""
    for command in (["describe", "--tags", "--abbrev=0", "HEAD~1"], ["rev-parse", "--short", "HEAD~1"]):
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return done.stdout.strip(), _archive_of(root, done.stdout.strip())
    return None


def _archive_of(root: Path, revision: str) -> Callable[[Path], None]:
    def copy(folder: Path) -> None:
        archive = subprocess.run(
            ["git", "-c", "tar.umask=0022", "archive", revision], cwd=root, capture_output=True, check=True, timeout=120
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True, timeout=120)

    return copy
