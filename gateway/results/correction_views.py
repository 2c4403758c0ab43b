"""The pages of corrections: "this is wrong", and the list of which an operator decides."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from contracts.model import CLASSES
from gateway.access.caller import caller
from gateway.results.archive import Archive
from gateway.results.corrections import MOST_COMMENT, AlreadyDecided, CorrectionState, NoSuchResult

_STATES = {"approved": CorrectionState.APPROVED, "rejected": CorrectionState.REJECTED}
_NO_RESULT = "Your key has no such result; it may have been deleted, or its time is over."


def add_correction_views(pages: Blueprint, archive: Archive) -> None:
    """Add the views to the blueprint of stored results."""

    @pages.get("/results/<result_id>/correct")
    def ask_correction(result_id: str) -> ResponseReturnValue:
        """The form that says an answer is wrong."""
        found = archive.result(caller(), result_id)
        if found is None:
            abort(404, _NO_RESULT)
        return render_template("correct.html", result=found, made=None, trouble=None)

    @pages.post("/results/<result_id>/correct")
    def correct(result_id: str) -> ResponseReturnValue:
        """Take the correction."""
        found = archive.result(caller(), result_id)
        if found is None:
            abort(404, _NO_RESULT)
        label, comment = request.form.get("label", ""), request.form.get("comment", "")
        if label not in CLASSES:
            trouble = "Choose what would have been right."
            return render_template("correct.html", result=found, made=None, trouble=trouble), 422
        try:
            made = archive.correct(caller(), result_id, label, comment[:MOST_COMMENT])
        except NoSuchResult:
            abort(404, _NO_RESULT)
        except AlreadyDecided:
            abort(409, "An operator decided about this correction already.")
        return render_template("correct.html", result=found, made=made, trouble=None)

    @pages.get("/corrections")
    def corrections() -> ResponseReturnValue:
        """The caller's corrections; everybody's for an operator, who decides."""
        state = request.args.get("state")
        chosen = CorrectionState(state) if state in list(CorrectionState) else None
        found = archive.corrections(caller(), chosen)
        return render_template("corrections.html", found=found, chosen=chosen, states=list(CorrectionState))

    @pages.post("/corrections/<correction_id>")
    def decide(correction_id: str) -> ResponseReturnValue:
        """Approve or reject."""
        state = _STATES.get(request.form.get("state", ""))
        if state is None:
            abort(400, "Choose approved or rejected.")
        if archive.decide(caller(), correction_id, state) is None:
            abort(404, "There is no such correction.")
        return redirect(url_for("results.corrections", state="pending"), 303)
