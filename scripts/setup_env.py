"""Creates or refreshes the virtual environment from the locked, hashed requirements.

Usage: python3 scripts/setup_env.py run|dev

Standard library only, and free of new syntax, so that an old Python gets a sentence and not a traceback. uv installs
in seconds; where it cannot be had, or cannot reach the packages (a mirror that only pip is configured for), pip
installs the same files.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SETS = {"run": ("worker", "fetcher", "serving"), "dev": ("dev",)}
OLDEST, TOO_NEW = (3, 11), (3, 14)
GIGABYTES_NEEDED = 3.0


class CannotSetUp(Exception):  # noqa: N818 - it is what happened.
    """Something is in the way; the message says what and what to do."""


def set_up(wanted):
    """Bring .venv up to the set `wanted`; raises CannotSetUp."""
    check_python(sys.version_info)
    check_machine()
    if any(is_current(name) for name in dict.fromkeys((wanted, "dev"))):
        return
    check_venv_module()
    check_disk(shutil.disk_usage(ROOT).free)
    print("Setting up the environment in .venv (once; about 1.5 GB) ...", flush=True)
    if not runs_here():
        shutil.rmtree(VENV, ignore_errors=True)
        must(run([sys.executable, "-m", "venv", VENV]), "The virtual environment could not be created")
    must(
        install(requirement_files(wanted)),
        "The packages could not be downloaded and installed (is there a network? PIP_INDEX_URL names a mirror)",
    )
    rollcall = [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT]
    must(run(rollcall), "Rollcall itself could not be installed")
    stamp(wanted).write_text(digest(wanted))


def check_python(version):
    """Refuse a Python that TensorFlow has no packages for."""
    if not OLDEST <= tuple(version[:2]) < TOO_NEW:
        found = ".".join(str(part) for part in version[:2])
        raise CannotSetUp(f"Rollcall needs Python 3.11, 3.12 or 3.13; this is {found}. Try: make PYTHON=python3.12 run")


def check_machine():
    """Refuse a machine that the locked packages were not resolved for."""
    machine = os.uname().machine if hasattr(os, "uname") else "unknown"
    if (sys.platform, machine) not in {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")}:
        raise CannotSetUp(f"Rollcall runs on Linux (x86-64, arm64) and macOS (arm64), not on {sys.platform} {machine}.")


def check_venv_module():
    """Refuse where the distribution split venv from Python."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - some distributions leave it out.
    except ImportError:
        raise CannotSetUp("Python's venv module is missing. On Debian: apt-get install python3-venv") from None


def check_disk(free_bytes):
    """Refuse where the environment would not fit."""
    if free_bytes < GIGABYTES_NEEDED * 1e9:
        free = free_bytes / 1e9
        raise CannotSetUp(f"The environment needs {GIGABYTES_NEEDED:.0f} GB of disk; {free:.1f} GB are free in {ROOT}.")


def install(files):
    """Install `files` by uv, or by pip where uv does not work; returns (status, output)."""
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--retries", "2", "--require-hashes", "--no-deps"]
    names = [option for file in files for option in ("-r", file)]
    if run([*pip, "-r", ROOT / "requirements" / "bootstrap.txt"])[0] == 0:
        uv = [VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "--no-deps"]
        done = run([*uv, *names])
        if done[0] == 0:
            return done
    return run([*pip, *names])


def requirement_files(name):
    """The locked files of a set."""
    return [ROOT / "requirements" / (part + ".txt") for part in SETS[name]]


def digest(name):
    """What the environment of this set was made from."""
    total = hashlib.sha256(sys.version.encode())
    for path in [*requirement_files(name), ROOT / "pyproject.toml"]:
        total.update(path.read_bytes())
    return total.hexdigest()


def stamp(name):
    """The file that remembers `digest` of the set that was installed."""
    return VENV / f"rollcall-{name}.sha256"


def is_current(name):
    """Whether the environment already holds this set."""
    return stamp(name).is_file() and stamp(name).read_text() == digest(name) and runs_here()


def runs_here():
    """Whether .venv is of this very Python and still where it was made."""
    code = "import sys; print(sys.version, sys.prefix)"
    return run([PYTHON, "-c", code]) == (0, f"{sys.version} {VENV}\n")


def run(command):
    """Run a command; returns (status, its output)."""
    try:
        done = subprocess.run(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def must(done, sentence):
    """Raise CannotSetUp with `sentence` and the last error line unless the command succeeded."""
    status, output = done
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if status != 0:
        errors = [line for line in lines if "error" in line.lower()]
        raise CannotSetUp(f"{sentence}: {(errors or lines or ['it gave no reason'])[-1]}")


if __name__ == "__main__":
    try:
        set_up(sys.argv[1])
    except CannotSetUp as problem:
        sys.exit(str(problem))
