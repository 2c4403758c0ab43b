"""What gunicorn does before it opens the port: import the code, so that it answers as soon as it listens."""

from __future__ import annotations


def on_starting(_server: object) -> None:
    """Called in the master before any socket exists; the worker inherits what was imported, and builds the app."""
    import fetcher.app  # noqa: F401, PLC0415 - importing is the purpose, and only here.
