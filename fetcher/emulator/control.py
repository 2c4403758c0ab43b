"""What tests and the page read: the accounting, faults on order, and sample accounts."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, make_response, request

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.emulator.faults import Faults
from fetcher.emulator.population import class_of, state_of
from fetcher.emulator.windows import Accounting

_MOST_TIMES = 10_000
_SAMPLES = {
    Platform.X: (
        "reg_walker",
        "bot_kite",
        "inf_lantern",
        "fake_pebble",
        "reg_tea_private",
        "bot_suspended",
        "a_missing",
    ),
    Platform.INSTAGRAM: (
        "reg_garden.tea",
        "bot_follow.kite",
        "inf_lantern.house",
        "fake_pebble",
        "reg_meadow_private",
        "bot_kite_suspended",
        "someone_missing",
    ),
}
_NOTES = {
    "missing": "an account that does not exist",
    "suspended": "an account that the platform suspended",
    "private": "a private account",
}


def create_control(accounting: dict[Platform, Accounting], faults: dict[Platform, Faults]) -> Flask:
    """The emulator's own routes."""
    app = Flask(__name__)

    @app.get("/livez")
    @app.get("/readyz")
    def ready() -> Response:
        return jsonify(status="ready", emulated=True)

    @app.get("/demo/accounts")
    def samples() -> Response:
        return jsonify(accounts=[_sample(platform, handle) for platform in Platform for handle in _SAMPLES[platform]])

    @app.get("/emulator/accounting")
    def counts() -> Response:
        return jsonify({platform.value: each.document() for platform, each in accounting.items()})

    @app.post("/emulator/faults")
    def order() -> Response:
        body: Any = request.get_json(silent=True)
        try:
            platform, method = Platform(body["platform"]), str(body.get("method", "*"))
            times = int(body.get("times", 1))
            if not 1 <= times <= _MOST_TIMES:
                raise ValueError(f"times must be from 1 to {_MOST_TIMES}")  # noqa: TRY301
            faults[platform].order(method, str(body["kind"]), times)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return make_response(jsonify(detail=f"platform, kind, and perhaps method and times: {error}"), 422)
        return jsonify(ordered=times)

    @app.delete("/emulator/faults")
    def clear() -> Response:
        for each in faults.values():
            each.clear()
        return jsonify(ordered=0)

    return app


def _sample(platform: Platform, handle: str) -> dict[str, str]:
    label, state = class_of(platform, handle), state_of(handle)
    note = _NOTES[state] if state else f"an invented account of the class {label}"
    url = ProfileRef(platform, handle=handle).url
    return {"platform": platform.value, "handle": handle, "url": url, "class": label, "note": note}
