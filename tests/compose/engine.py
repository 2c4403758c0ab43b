"""A Docker engine of our own, started by hand and taken away again with what it changed on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 60.0
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


class NoEngine(Exception):  # noqa: N818 - it is what is the matter.
    """No engine can run here; the message says why."""


class Engine:
    """`folder` holds its data, its socket and its log. A context manager; raises NoEngine where it cannot start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = folder / "docker.sock"
        self._log = folder / "dockerd.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._policy = ""
        self._forwarding = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """What docker and docker-compose must be told."""
        # /usr/bin first: the engine's own client understands it, whatever else lies on the path.
        path = f"/usr/bin:{os.environ['PATH']}"
        return {
            **os.environ,
            "PATH": path,
            "DOCKER_HOST": f"unix://{self._socket}",
            "DOCKER_BUILDKIT": "1",
            "COMPOSE_DOCKER_CLI_BUILD": "1",
            "BUILDKIT_PROGRESS": "plain",
        }

    def __enter__(self) -> Engine:
        missing = [name for name in ("dockerd", "iptables", "docker-compose", "debootstrap") if not shutil.which(name)]
        if missing or os.geteuid() != 0:
            raise NoEngine(f"missing: {', '.join(missing)}" if missing else "only root may start one")
        if subprocess.run(["pgrep", "-x", "dockerd"], capture_output=True, check=False).returncode == 0:
            raise NoEngine("another dockerd runs on this machine, whose rules would be taken away with ours")
        self._forwarding = _FORWARDING.read_text()
        self._policy = _run("iptables", "-S", "FORWARD").stdout.split("\n", 1)[0]
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd",
                    *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
                    *("--pidfile", str(self.folder / "dockerd.pid"), "--host", f"unix://{self._socket}"),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while self.docker("info", check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                reason = self._log.read_text(errors="replace").strip().splitlines()[-3:]
                self.stop()
                raise NoEngine("dockerd does not start: " + " | ".join(reason))
            time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def docker(self, *arguments: str, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run docker's own command line against this engine."""
        return _run("docker", *arguments, check=check, env=self.environment, timeout=timeout)

    def stop(self) -> None:
        """End the engine, then take its bridge and its rules away; others' stay."""
        if self._process is not None:
            if self._process.poll() is None:
                running = self.docker("ps", "--quiet", check=False).stdout.split()
                if running:
                    self.docker("kill", *running, check=False)
                self._process.terminate()
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None
            self._clean_up()

    def _clean_up(self) -> None:
        for table in ("nat", "filter"):
            rules = _run("iptables", "-t", table, "-S", check=False).stdout.splitlines()
            for rule in rules:
                if rule.startswith("-A") and any(word in rule for word in ("DOCKER", "docker0", " br-")):
                    _run("iptables", "-t", table, "-D", *rule.split()[1:], check=False)
            for rule in rules:
                if rule.startswith("-A POSTROUTING") and "MASQUERADE" in rule and "172." in rule:
                    _run("iptables", "-t", table, "-D", *rule.split()[1:], check=False)
            for rule in rules:
                if rule.startswith("-N DOCKER"):
                    for action in ("-F", "-X"):
                        _run("iptables", "-t", table, action, rule.split()[1], check=False)
        if self._policy.startswith("-P FORWARD"):
            _run("iptables", *self._policy.split(), check=False)
        for line in _run("ip", "-o", "link", "show", "type", "bridge", check=False).stdout.splitlines():
            name = line.split(": ")[1]
            if name == "docker0" or name.startswith("br-"):
                _run("ip", "link", "delete", name, check=False)
        _FORWARDING.write_text(self._forwarding)

    def remove(self) -> None:
        """Delete its data, after `stop`."""
        for path in (self.folder / "data", self.folder / "exec"):
            shutil.rmtree(path, ignore_errors=True)


def leftovers() -> list[str]:
    """Rules and bridges of an engine that are still there."""
    found = []
    for table in ("nat", "filter"):
        rules = _run("iptables", "-t", table, "-S", check=False).stdout.splitlines()
        found += [rule for rule in rules if "DOCKER" in rule or "docker0" in rule]
    links = _run("ip", "-o", "link", "show", check=False).stdout.splitlines()
    return found + [link for link in links if "docker0" in link]


def _run(
    *command: str, check: bool = True, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=timeout)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:4])} ...: {done.stderr.strip() or done.stdout.strip()}")
    return done
