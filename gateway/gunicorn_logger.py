"""gunicorn's own log lines."""

from __future__ import annotations

import sys
from typing import Any

from gunicorn.glogging import Logger


class QuietLogger(Logger):  # type: ignore[misc] # gunicorn publishes no types.
    """gunicorn's logger without its access log, for which it would gather its facts about every request."""

    def access(self, *_: object) -> None:
        """Our own line about a request is written by gateway/request_context.py."""

    def exception(self, msg: object, *args: Any, **more: Any) -> None:
        """A client that was too slow (gateway/paced_socket.py) is no fault of ours."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.debug("A client was too slow and was given up.")
        else:
            super().exception(msg, *args, **more)
