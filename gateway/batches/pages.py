"""The pages of batches: list and form, plan and progress. All work without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from gateway.access.caller import caller
from gateway.batches.batch import Batch
from gateway.batches.creation import NewBatch
from gateway.batches.errors import BatchError, InvalidChoiceError, WrongStateError
from gateway.batches.events import ProgressStreams
from gateway.batches.finding_pages import add_finding_pages
from gateway.batches.findings import Findings
from gateway.batches.results import Results
from gateway.batches.review import Reviews
from gateway.batches.schemas import Pin
from gateway.batches.service import Batches
from gateway.batches.states import BatchState
from gateway.batches.submission import MOST_BYTES, read_form
from gateway.errors import GatewayError
from gateway.pages.problem_page import problem_page
from gateway.problems import problem_of
from gateway.request_context import request_id
from gateway.wording import CLASS_WORDS

_LINES, _FEW_LINES = 100, 8
"""Lines that became no row: how many the page holds, and how many of them stand open."""

_ALREADY = {
    "confirm": {BatchState.RUNNING, BatchState.FINISHED},
    "pause": {BatchState.PAUSED},
    "resume": {BatchState.RUNNING},
    "cancel": {BatchState.CANCELLED},
}
"""Where a batch is in whatever state an action leads to, the action is done."""


def create_batch_pages(
    batches: Batches,
    *,
    results: Results,
    findings: Findings,
    reviews: Reviews,
    streams: ProgressStreams,
    allowance: Callable[[], float | None],
    now: Callable[[], datetime],
) -> Blueprint:
    """The blueprint; `allowance` is what the caller may still spend today, `now` gives the time in UTC."""
    pages = Blueprint("batches", __name__, url_prefix="/batches")
    store = batches.store

    @pages.errorhandler(GatewayError)
    def answer_problem(error: GatewayError) -> ResponseReturnValue:
        return problem_page(problem_of(error, now()))

    def own(batch_id: str) -> Batch:
        return store.get(caller().owner, batch_id)

    def overview(trouble: str | None = None, given: Mapping[str, str] | None = None) -> str:
        found = store.latest(caller().owner)
        return render_template("batches/index.html", batches=found, trouble=trouble, given=given or {}, most=MOST_BYTES)

    @pages.get("")
    def index() -> ResponseReturnValue:
        """The newest batches, and the form for another one."""
        return overview()

    @pages.post("")
    def create() -> ResponseReturnValue:
        """Store and plan what the form holds."""
        try:
            given = read_form(request)
            new = NewBatch(owner=caller().owner, accounts=given.accounts, name=given.name, explain=given.explain)
            batch, _ = batches.create(new, request_id())
        except BatchError as error:
            return overview(str(error), request.form), 422
        return redirect(url_for("batches.show", batch_id=batch.id), 303)

    @pages.get("/<batch_id>")
    def show(batch_id: str) -> ResponseReturnValue:
        """Plan, progress, and what may be done next."""
        batch = own(batch_id)
        answered = bool(batches.progress(batch).labels)
        ended = batch.state in {BatchState.FINISHED, BatchState.CANCELLED, BatchState.PAUSED}
        return render_template(
            "batches/show.html",
            batch=batch,
            progress=batches.progress(batch),
            refused=store.refused(batch, most=_LINES),
            few=_FEW_LINES,
            version=batches.stable_version(request_id()) if batch.state is BatchState.PLANNED else None,
            prevalence=findings.prevalence(batch, request_id()) if answered and ended else None,
            others=[each for each in store.latest(caller().owner) if each.id != batch.id and each.confirmed_at],
            class_words=CLASS_WORDS,
        )

    @pages.get("/<batch_id>/events")
    def events(batch_id: str) -> Response:
        """The progress as it changes; ends after some seconds, and the browser connects again."""
        batch = own(batch_id)
        owner = caller().owner

        def look() -> tuple[str, bool]:
            current = store.get(owner, batch.id)
            html = render_template("batches/progress.html", batch=current, progress=batches.progress(current))
            return html, current.state is not BatchState.RUNNING

        response = Response(stream_with_context(streams.events(look)), mimetype="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @pages.post("/<batch_id>/<any(plan, confirm, pause, resume, cancel, retry):action>")
    def act(batch_id: str, action: str) -> ResponseReturnValue:
        """What a button asks for; then the batch again."""
        batch = own(batch_id)
        number = _version(request.form.get("model_version"))
        actions: dict[str, Callable[[], Batch]] = {
            "plan": lambda: batches.plan(batch, request_id()),
            "confirm": lambda: batches.confirm(batch, number, request_id(), usd_left=allowance()),
            "pause": lambda: batches.pause(batch),
            "resume": lambda: batches.resume(batch, number, request_id(), usd_left=allowance()),
            "cancel": lambda: batches.cancel(batch),
            "retry": lambda: batches.retry(batch),
        }
        try:
            actions[action]()
        except WrongStateError:
            # A second click on a button, or the same one in another tab.
            if own(batch_id).state not in _ALREADY.get(action, ()):
                raise
        return redirect(url_for("batches.show", batch_id=batch.id), 303)

    @pages.post("/<batch_id>/delete")
    def delete(batch_id: str) -> ResponseReturnValue:
        """Forget a batch that does not run."""
        store.delete(own(batch_id))
        return redirect(url_for("batches.index"), 303)

    add_finding_pages(pages, store, progress=batches.progress, results=results, findings=findings, reviews=reviews)
    return pages


def _version(text: str | None) -> int | None:
    try:
        return Pin.model_validate({"model_version": text} if text else {}).model_version
    except ValidationError:
        raise InvalidChoiceError("A version of the model is named by a whole number above 0.") from None
