"""Puts the batches of the web process together and makes their routes known."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from flask_openapi3.openapi import OpenAPI
from sqlalchemy import Engine

from gateway.access.caller import caller
from gateway.access.spending import Spending
from gateway.batches.api import create_batches_api
from gateway.batches.events import ProgressStreams
from gateway.batches.findings import Findings
from gateway.batches.findings_api import create_findings_api
from gateway.batches.pages import create_batch_pages
from gateway.batches.pinned_model import Versions
from gateway.batches.planning import Planner
from gateway.batches.queue import WorkQueue
from gateway.batches.results import Results
from gateway.batches.results_api import create_results_api
from gateway.batches.review import Reviews
from gateway.batches.service import Batches, StableModel
from gateway.batches.store import BatchStore


def open_batches(
    app: OpenAPI,
    engine: Engine,
    queue: WorkQueue,
    *,
    fetcher: Planner,
    model: StableModel,
    versions: Versions,
    emulated: bool,
    streams_at_most: int,
    now: Callable[[], datetime],
) -> None:
    """The API and the pages of batches."""
    spending = Spending(engine, now)

    def allowance() -> float | None:
        return spending.left(caller())

    store = BatchStore(engine, time.time)
    batches = Batches(store, queue, fetcher, model, versions, emulated=emulated)
    results, findings, reviews = Results(store), Findings(store, versions), Reviews(store)
    app.register_api(create_batches_api(batches, allowance, now))
    app.register_api(create_results_api(store, results, now))
    app.register_api(create_findings_api(store, findings, reviews, now))
    streams = ProgressStreams(streams_at_most)
    app.register_blueprint(
        create_batch_pages(
            batches,
            results=results,
            findings=findings,
            reviews=reviews,
            streams=streams,
            allowance=allowance,
            now=now,
        )
    )
