"""`python -m bench.plain.web_application PORT`: the plain application, one Flask process that does everything itself.

A request is read, its account looked up (from a dictionary, as warm as our cache), its features are computed and
`model.predict` is asked, in the thread that answers.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from flask import Flask, jsonify, request
from werkzeug.serving import run_simple

from bench.plain.row_features import WIDTH, row_features, small_network

_CLASSES = ("regular", "bot", "influencer", "fake")
_ACCOUNT: dict[str, Any] = {
    "display_name": "Maple Tree",
    "biography": "Maple trees and bicycles. #invented",
    "followers": 311,
    "following": 208,
    "posts": 1207,
    "has_avatar": True,
    "has_url": False,
}


def create_app() -> Flask:
    """The application with its model loaded."""
    app = Flask(__name__)
    model = small_network()
    model.predict(np.zeros((1, WIDTH)), verbose=0)
    known: dict[str, dict[str, Any]] = {}

    @app.post("/api/v1/classify")
    def classify() -> Any:
        handle = request.get_json()["profile"].rsplit("/", 1)[-1]
        profile = known.setdefault(handle, {**_ACCOUNT, "platform": "x", "username": handle})
        features = np.array([row_features(profile)], np.float32)
        probabilities = model.predict(features, verbose=0)[0].tolist()
        label = _CLASSES[int(np.argmax(probabilities))]
        return jsonify(profile=profile, label=label, probabilities=dict(zip(_CLASSES, probabilities, strict=True)))

    return app


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), create_app(), threaded=True)
