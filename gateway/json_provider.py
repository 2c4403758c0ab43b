"""JSON of the answers, written by orjson: an answer of /api/v1/classify holds some hundred numbers."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.json.provider import DefaultJSONProvider

_AS_FLASK = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
"""What orjson would write in a form of its own is left to `default`."""


class FastJSON(DefaultJSONProvider):
    """Flask's own provider, which still reads; what orjson cannot write, Flask's encoder writes."""

    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """JSON text, compact, in UTF-8."""
        try:
            return orjson.dumps(obj, self.default, _AS_FLASK).decode()
        except TypeError:
            # Integers beyond 64 bits, for example.
            return super().dumps(obj, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer to the request in hand."""
        body = self.dumps(self._prepare_response_obj(args, kwargs))
        return Response(f"{body}\n", mimetype=self.mimetype)
