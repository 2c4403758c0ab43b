"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gateway.errors import DatabaseUnavailableError, ModelUnavailableError
from gateway.request_context import request_id
from gateway.split_model import SplitModel
from gateway.traffic_control import TrafficControl


def create_health(model: SplitModel, control: TrafficControl) -> Blueprint:
    """/livez and /readyz."""
    health = Blueprint("health", __name__)

    @health.get("/livez")
    def livez() -> dict[str, Any]:
        """200 while the process can answer at all."""
        return {"status": "alive"}

    @health.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        """200 when a version of the model and the database are there; the fetcher is not asked, it may come and go."""
        try:
            version = model.version(request_id(), fresh=True)
        except ModelUnavailableError as error:
            return {"status": "not ready", "model": str(error)}, 503
        try:
            control.fresh()
        except DatabaseUnavailableError as error:
            return {"status": "not ready", "database": str(error)}, 503
        return {"status": "ready", "model_version": version.number}, 200

    return health
