"""An environment of its own for each peer, below $XDG_CACHE_HOME/rollcall-bench, made at first use and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

INSTALL_TIMEOUT_S = 300.0


class PeerAbsent(Exception):  # noqa: N818 - it says what the peer is.
    """The peer cannot be installed or started here; the message says why."""


def folder() -> Path:
    """Where the environments are."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollcall-bench"


def prepared(name: str, *requirements: str, base: Path | None = None) -> Path:
    """The Python of an environment with these packages; raises PeerAbsent."""
    home = (base or folder()) / name
    python, done = home / "bin" / "python", home / ".requirements"
    wanted = "\n".join([sys.version.split()[0], *requirements])
    if done.is_file() and done.read_text("utf-8") == wanted and python.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(home)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), *requirements])
    else:
        _run([sys.executable, "-m", "venv", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", *requirements])
    done.write_text(wanted, "utf-8")
    return python


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        raise PeerAbsent(f"{' '.join(command[:3])}: {error.stderr.strip()[-300:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerAbsent(f"{' '.join(command[:3])}: {error}") from error
