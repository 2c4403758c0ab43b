"""Why a request is not let in, as Flask raises it; gateway/http_problems.py shows it by `problem`."""

from __future__ import annotations

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized


class KeyNeeded(Unauthorized):
    """Nobody is known by what the request brought."""

    problem = "key-needed"

    def __init__(self, description: str) -> None:
        super().__init__(description, www_authenticate=WWWAuthenticate("bearer", {"realm": "Rollcall"}))


class OperatorOnly(Forbidden):
    """A viewer asked for what is an operator's."""

    problem = "operator-only"
    description = "This needs a key with the role operator."
