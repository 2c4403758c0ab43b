"""The sums of a version's files: whether it is whole and unchanged.

`assets.extra/manifest.json` is `{"files": {relative path: SHA-256 in hex}}` over every other file; training writes it
last.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MANIFEST = Path("assets.extra") / "manifest.json"


class DamagedVersion(Exception):  # noqa: N818 - it says what the folder is.
    """The files are not those of the manifest; the message names the first that differs."""


def read_manifest(version: Path) -> dict[str, str]:
    """Path -> sum; raises DamagedVersion."""
    try:
        files = json.loads((version / MANIFEST).read_text("utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedVersion(f"{version} has no readable {MANIFEST}: {error}") from error


def verify(version: Path) -> None:
    """Compare every file with the manifest, both ways; raises DamagedVersion."""
    wanted = read_manifest(version)
    found = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    found.discard(MANIFEST.as_posix())
    if missing := sorted(wanted.keys() - found):
        raise DamagedVersion(f"{version} lacks {missing[0]}.")
    if extra := sorted(found - wanted.keys()):
        raise DamagedVersion(f"{version} holds {extra[0]}, which its manifest does not know.")
    for path, digest in sorted(wanted.items()):
        with (version / path).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise DamagedVersion(f"{version / path} is not the file of the manifest.")
