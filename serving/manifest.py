"""The sums of a version's files: whether it is whole and unchanged.

`assets.extra/manifest.json` is `{"schema_version": number, "files": {relative path: SHA-256 in hex}}` over every other
file; training writes it last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MANIFEST = Path("assets.extra") / "manifest.json"


class DamagedVersion(Exception):  # noqa: N818 - it says what the folder is.
    """The files are not those of the manifest; the message names the first that differs."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files`: path -> sum. `schema_version` of the features that the version reads; None where it does not say."""

    files: Mapping[str, str]
    schema_version: int | None


def read_manifest(version: Path) -> Manifest:
    """Raises DamagedVersion."""
    try:
        document = json.loads((version / MANIFEST).read_text("utf-8"))
        schema = document.get("schema_version")
        files = {str(path): str(digest) for path, digest in document["files"].items()}
        return Manifest(files, None if schema is None else int(schema))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedVersion(f"{version} has no readable {MANIFEST}: {error}") from error


def verify(version: Path) -> None:
    """Compare every file with the manifest, both ways; raises DamagedVersion."""
    wanted = read_manifest(version).files
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
