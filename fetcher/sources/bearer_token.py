"""X's bearer token: given, or in a file that its owner may replace at any time."""

from __future__ import annotations

from pathlib import Path

from fetcher.limiter.handler import digest


class BearerToken:
    """`text` is the token; where it stands in `file`, a changed file is taken up at the next request.

    `name` is what the limits are counted by. A new token of the same app has the app's windows, not fresh ones, so a
    token from a file is named by the file.
    """

    def __init__(self, text: str, file: Path | None = None) -> None:
        self._text = text
        self._file = file
        self._seen = _version(file)
        self.name = digest(text if file is None else f"token in {file}")

    def current(self) -> str:
        """The token now; the last one while the file is away or empty."""
        version = _version(self._file)
        if self._file is not None and version not in {None, self._seen}:
            try:
                text = self._file.read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError):
                text = ""
            if text:
                self._text, self._seen = text, version
        return self._text


def _version(file: Path | None) -> tuple[int, int] | None:
    try:
        found = None if file is None else file.stat()
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_ino)
