"""Versions in a store: numbered folders below STORE/rollcall, published by one rename."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.model import MODEL_NAME


def next_version(store: Path) -> int:
    """One more than the highest number there."""
    return max((int(path.name) for path in (store / MODEL_NAME).glob("[0-9]*") if path.name.isdecimal()), default=0) + 1


@contextmanager
def publishing(store: Path) -> Iterator[Path]:
    """A folder to fill, which becomes the next version when the block ends well and vanishes when it fails.

    It lies beside the versions under a name that is no number, so that no server looks at it before the rename.
    """
    versions = store / MODEL_NAME
    versions.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=versions))
    draft.chmod(0o755)
    try:
        yield draft
        while True:
            # A rename onto a folder that another run published meanwhile fails, and the next number is tried.
            target = versions / str(next_version(store))
            try:
                draft.rename(target)
            except OSError:
                if not target.exists():
                    raise
                continue
            break
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def published(store: Path) -> Path:
    """The newest version's folder."""
    return store / MODEL_NAME / str(next_version(store) - 1)
