"""Log lines as JSON, one object to a line, with the request id. No line holds a handle or a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

_OURS = ("hop", "route", "method", "status", "ms", "platform", "error", "accounts", "outcomes", "priority")
_CHATTY = ("tweepy", "urllib3", "requests", "instaloader", "werkzeug")
"""Libraries whose debug lines hold headers, credentials and handles."""


class JSONFormatter(logging.Formatter):
    """`request_id` gives the id of the request at hand, or None."""

    def __init__(self, request_id: Callable[[], str | None]) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": self._request_id(),
        }
        line |= {name: getattr(record, name) for name in _OURS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in line.items() if value is not None})


def start_logging(level: str, request_id: Callable[[], str | None]) -> None:
    """Write JSON lines to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter(request_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
