"""/api/v1/batches/<id>: prevalence, comparison and the reviewed sample."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from gateway.access.caller import caller
from gateway.batches.batch import Batch
from gateway.batches.blueprint import create_blueprint
from gateway.batches.export import record_of
from gateway.batches.finding_schemas import (
    ComparisonPath,
    ComparisonQuery,
    ComparisonReport,
    Draw,
    PrevalenceReport,
    SamplePath,
    SampleReport,
    Say,
)
from gateway.batches.findings import Findings
from gateway.batches.review import Reviews
from gateway.batches.schemas import BatchPath
from gateway.batches.store import BatchStore
from gateway.openapi_document import problem_responses
from gateway.request_context import request_id


def create_findings_api(
    store: BatchStore, findings: Findings, reviews: Reviews, now: Callable[[], datetime]
) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = create_blueprint("batch_findings", now)
    refusals = problem_responses(404, 422, 503)

    def own(batch_id: str) -> Batch:
        return store.get(caller().owner, batch_id)

    @api.get("/<batch_id>/prevalence", operation_id="batch_prevalence", responses={200: PrevalenceReport, **refusals})
    def prevalence(path: BatchPath) -> Response:
        """How common each class is among its accounts, corrected for the model's confusion, with intervals."""
        return jsonify(findings.prevalence(own(path.batch_id), request_id()))

    @api.get(
        "/<batch_id>/comparison/<other_id>",
        operation_id="compare_batches",
        responses={200: ComparisonReport, **refusals},
    )
    def comparison(path: ComparisonPath, query: ComparisonQuery) -> Response:
        """Two batches: their shares, and the accounts of both whose label is another one."""
        first, second = own(path.batch_id), own(path.other_id)
        return jsonify(findings.comparison(first, second, request_id(), most=query.most))

    @api.post(
        "/<batch_id>/sample",
        operation_id="draw_sample",
        responses={200: SampleReport, **problem_responses(404, 409, 422, 503)},
    )
    def draw(path: BatchPath, query: Draw) -> Response:
        """Draw a random sample of its answered accounts for review; the same seed draws the same ones."""
        batch = own(path.batch_id)
        reviews.draw(batch, query.size, query.seed, replace=query.replace)
        return jsonify(_sample(reviews, batch))

    @api.get("/<batch_id>/sample", operation_id="sample", responses={200: SampleReport, **refusals})
    def sample(path: BatchPath) -> Response:
        """The sample, what was said of it, and what follows: precision by class, and agreement."""
        return jsonify(_sample(reviews, own(path.batch_id)))

    @api.put(
        "/<batch_id>/sample/<place>",
        operation_id="label_sample",
        responses={200: SampleReport, **problem_responses(400, 404, 422, 503)},
    )
    def label(path: SamplePath, query: Say) -> Response:
        """Say what the account at this place of the sample is; without a label what was said is taken back."""
        batch = own(path.batch_id)
        reviews.label(batch, path.place, query.reviewer, query.label)
        return jsonify(_sample(reviews, batch))

    return api


def _sample(reviews: Reviews, batch: Batch) -> dict[str, Any]:
    drawn = reviews.sample(batch)
    return {
        "seed": drawn[0]["seed"] if drawn else None,
        "accounts": [
            {"place": row["place"], **record_of(row), "said": [row["label_1"], row["label_2"]]} for row in drawn
        ],
        **reviews.judged(batch),
    }
