"""/api/v1/batches/<id>: what came of a batch, as pages of rows and as downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from gateway.access.caller import caller
from gateway.batches.api import line_of
from gateway.batches.batch import Batch
from gateway.batches.blueprint import create_blueprint
from gateway.batches.export import as_csv, as_json_lines, columns_of, record_of
from gateway.batches.results import Choice, Results
from gateway.batches.schemas import BatchPath, ExportQuery, LinesQuery, RefusedLines, RowsQuery, RowsReport
from gateway.batches.store import BatchStore
from gateway.openapi_document import bears, problem_responses


def create_results_api(store: BatchStore, results: Results, now: Callable[[], datetime]) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = create_blueprint("batch_results", now)
    refusals = problem_responses(400, 404, 422, 503)

    def own(path: BatchPath) -> Batch:
        return store.get(caller().owner, path.batch_id)

    @api.get("/<batch_id>/lines", operation_id="batch_lines", responses={200: RefusedLines, **refusals})
    def lines(path: BatchPath, query: LinesQuery) -> Response:
        """Lines of the list that became no rows: bad ones and duplicates."""
        found = store.refused(own(path), most=query.most, after=query.after)
        following = found[-1].line if len(found) == query.most else None
        return jsonify({"lines": [line_of(each) for each in found], "next": following})

    @api.get("/<batch_id>/rows", operation_id="batch_rows", responses={200: RowsReport, **refusals})
    def rows(path: BatchPath, query: RowsQuery) -> Response:
        """A page of its accounts, filtered and sorted."""
        choice = Choice(
            outcome=query.outcome,
            label=query.label,
            unsure=query.unsure,
            sort=query.sort,
            descending=query.order == "desc",
            page=query.page,
            size=query.size,
        )
        total, found = results.page(own(path), choice)
        return jsonify({"total": total, "rows": [record_of(row) for row in found]})

    @api.get("/<batch_id>/results.csv", operation_id="batch_csv", responses={200: _text("text/csv"), **refusals})
    def table(path: BatchPath, query: ExportQuery) -> Response:
        """Its accounts as CSV: line, platform, id and scores, and the columns that are asked for."""
        batch, columns = own(path), columns_of(query.columns)
        return download(as_csv(results.all(batch, _choice(query)), columns), "text/csv", batch, "csv")

    @api.get(
        "/<batch_id>/results.jsonl",
        operation_id="batch_json_lines",
        responses={200: _text("application/x-ndjson"), **refusals},
    )
    def json_lines(path: BatchPath, query: ExportQuery) -> Response:
        """The same as JSON lines."""
        batch, columns = own(path), columns_of(query.columns)
        found = as_json_lines(results.all(batch, _choice(query)), columns)
        return download(found, "application/x-ndjson", batch, "jsonl")

    return api


def download(content: Iterator[bytes], mimetype: str, batch: Batch, ending: str) -> Response:
    """An answer that is written as it is read, and saved under a name of its own."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="rollcall-{batch.id[:8]}.{ending}"'
    return response


def _choice(query: ExportQuery) -> Choice:
    return Choice(outcome=query.outcome, label=query.label, unsure=query.unsure)


def _text(media_type: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {"description": "The download.", "content": content, "headers": bears("Content-Disposition")}
