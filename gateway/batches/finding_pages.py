"""The pages of what came of a batch: its accounts, the reviewed sample, two batches beside each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from sqlalchemy import RowMapping

from contracts.model import CLASSES
from gateway.access.caller import caller
from gateway.batches.batch import Batch, Progress
from gateway.batches.errors import WrongStateError
from gateway.batches.export import record_of
from gateway.batches.finding_schemas import Draw
from gateway.batches.findings import Findings
from gateway.batches.results import Choice, Results
from gateway.batches.review import LABELS, Reviews
from gateway.batches.schemas import RowsQuery
from gateway.batches.store import BatchStore
from gateway.request_context import request_id
from gateway.wording import CLASS_WORDS

_SIZE = 50
_PLACE = re.compile(r"place_(\d{1,4})", re.ASCII)
"""The field that holds the label of one account of the sample."""


def add_finding_pages(
    pages: Blueprint,
    store: BatchStore,
    *,
    progress: Callable[[Batch], Progress],
    results: Results,
    findings: Findings,
    reviews: Reviews,
) -> None:
    """Add the routes to the blueprint of the batches' pages."""

    def own(batch_id: str) -> Batch:
        return store.get(caller().owner, batch_id)

    @pages.get("/<batch_id>/results")
    def table(batch_id: str) -> ResponseReturnValue:
        """Its accounts, sorted and filtered, a page at a time."""
        batch = own(batch_id)
        chosen = {name: value for name, value in request.args.items() if value}
        try:
            query = RowsQuery.model_validate({**chosen, "size": _SIZE})
        except ValidationError:
            return redirect(url_for("batches.table", batch_id=batch.id), 303)
        choice = Choice(
            outcome=query.outcome,
            label=query.label,
            unsure=query.unsure,
            sort=query.sort,
            descending=query.order == "desc",
            page=query.page,
            size=query.size,
        )
        total, found = results.page(batch, choice)
        return render_template(
            "batches/results.html",
            batch=batch,
            progress=progress(batch),
            rows=[record_of(row) for row in found],
            total=total,
            query=query,
            chosen={name: value for name, value in chosen.items() if name not in {"page"}},
            pages=max(1, -(-total // _SIZE)),
            classes=CLASSES,
            class_words=CLASS_WORDS,
        )

    @pages.get("/<batch_id>/review")
    def review(batch_id: str) -> ResponseReturnValue:
        """The sample, one label for each account, and what follows from them."""
        batch = own(batch_id)
        reviewer = 2 if request.args.get("reviewer") == "2" else 1
        drawn = reviews.sample(batch)
        said = [(record_of(row), row["place"], row[f"label_{reviewer}"]) for row in drawn]
        return render_template(
            "batches/review.html",
            batch=batch,
            sample=said,
            seed=drawn[0]["seed"] if drawn else None,
            drawn=_mark(drawn),
            judged=reviews.judged(batch),
            reviewer=reviewer,
            labels=LABELS,
            class_words=CLASS_WORDS,
        )

    @pages.post("/<batch_id>/review/draw")
    def draw(batch_id: str) -> ResponseReturnValue:
        """Draw a sample."""
        batch = own(batch_id)
        try:
            wanted = Draw.model_validate({name: value for name, value in request.form.items() if value})
        except ValidationError:
            return redirect(url_for("batches.review", batch_id=batch.id), 303)
        reviews.draw(batch, wanted.size, wanted.seed, replace=wanted.replace)
        return redirect(url_for("batches.review", batch_id=batch.id), 303)

    @pages.post("/<batch_id>/review")
    def label(batch_id: str) -> ResponseReturnValue:
        """Keep every label of the form."""
        batch = own(batch_id)
        reviewer = 2 if request.form.get("reviewer") == "2" else 1
        if request.form.get("sample", mark := _mark(reviews.sample(batch))) != mark:
            raise WrongStateError("Another sample was drawn since this page was opened; these labels are not its own.")
        for name, value in request.form.items():
            if place := _PLACE.fullmatch(name):
                reviews.label(batch, int(place[1]), reviewer, value or None)
        return redirect(url_for("batches.review", batch_id=batch.id, reviewer=reviewer), 303)

    @pages.get("/<batch_id>/compare")
    def compare(batch_id: str) -> ResponseReturnValue:
        """Two batches beside each other."""
        first, second = own(batch_id), own(request.args.get("with", ""))
        found = findings.comparison(first, second, request_id())
        return render_template(
            "batches/compare.html", first=first, second=second, found=found, class_words=CLASS_WORDS, classes=CLASSES
        )


def _mark(drawn: Sequence[RowMapping]) -> str:
    """Another one for another sample: a digest of which account stands at which place."""
    places = ",".join(f"{row['place']}:{row['number']}" for row in drawn)
    return hashlib.sha256(places.encode()).hexdigest()[:16]
