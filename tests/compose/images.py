"""The images of the compose file, where none can be pulled: stand-ins under the real names, of Debian's packages.

The real Dockerfile and the real compose file stay as they are. The base stands in for python:3.11-slim-bookworm and
carries this machine's certificates, so that builds reach the package registries; it is never pushed or committed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.compose.engine import Engine, NoEngine

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")
BASE = "python:3.11-slim-bookworm"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OURS = ("gateway", "worker", "fetcher", "emulator", "tools", "model-server")
"""`training` is as large as all the others together and takes no part in the stack; `make images` builds it."""


def version() -> str:
    """The version of the project."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def base_image(engine: Engine, cache: Path, say: Callable[[str], None]) -> None:
    """Debian with Python under the name of the base, once for each engine; debootstrap's work is kept in `cache`."""
    # Imported again it would be another image, and everything built on it would be built again.
    if engine.docker("image", "inspect", BASE, check=False).returncode == 0:
        return
    archive = cache / "base.tar"
    if not archive.exists():
        say("building the base by debootstrap")
        folder = cache / "base"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        packages = "python3,python3-pip,python3-venv,ca-certificates"
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode != 0:
            # Without a Debian mirror there is nothing of ours that could be tried.
            raise NoEngine(f"no base image can be made; debootstrap: {done.stdout[-300:]}{done.stderr[-300:]}")
        for path in folder.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
            path.unlink()
        for name in ("python", "python3"):
            (folder / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")
        shutil.copy(CERTIFICATES, folder / "etc/ssl/certs/ca-certificates.crt")
        shutil.rmtree(folder / "var/cache/apt/archives", ignore_errors=True)
        with tarfile.open(archive.with_suffix(".draft"), "w") as tar:
            tar.add(folder, arcname=".")
        archive.with_suffix(".draft").rename(archive)
        shutil.rmtree(folder)
    changes = {
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt",
        'CMD ["python3"]',
    }
    options = [option for change in sorted(changes) for option in ("--change", change)]
    engine.docker("import", *options, str(archive), BASE)


def build(engine: Engine, name: str, folder: Path, *options: str) -> float:
    """Build one image and give how many seconds that took; raises RuntimeError with the end of its log."""
    began = time.monotonic()
    done = engine.docker("build", "--tag", name, *options, str(folder), check=False, timeout=1200)
    if done.returncode != 0:
        raise RuntimeError(f"{name} does not build:\n{(done.stdout + done.stderr)[-3000:]}")
    return time.monotonic() - began


def build_all(engine: Engine, cache: Path, say: Callable[[str], None]) -> None:
    """Our images from the real Dockerfile, then what compose names besides."""
    base_image(engine, cache, say)
    tag = version()
    for target in OURS:
        seconds = build(engine, f"rollcall/{target}:{tag}", ROOT, "--target", target)
        say(f"rollcall/{target}: {size_mb(engine, f'rollcall/{target}:{tag}'):.0f} MB, built in {seconds:.0f} s")
    for name, image in foreign_images().items():
        seconds = build(engine, image, STAND_INS / name, "--build-arg", f"VERSION={tag}")
        say(f"{image}: a stand-in, built in {seconds:.0f} s")


def foreign_images() -> dict[str, str]:
    """Stand-in's folder -> the image that the compose file names."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    images = {each["image"] for each in services.values() if not each["image"].startswith("rollcall/")}
    folders = {
        "tensorflow/serving": "tensorflow-serving",
        "prom/prometheus": "prometheus",
        "grafana/grafana": "grafana",
    }
    return {folders.get(image.partition(":")[0], image.partition(":")[0]): image for image in sorted(images)}


def size_mb(engine: Engine, image: str) -> float:
    """Megabytes of an image, its base included."""
    return int(engine.docker("image", "inspect", "--format", "{{.Size}}", image).stdout) / 1e6
