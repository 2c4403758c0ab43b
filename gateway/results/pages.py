"""The pages of stored results: history and deletion; gateway/results/correction_views.py adds those of corrections.

Everything works by plain forms. What changes something is a POST, behind the rules of gateway/browser_rules.py and
gateway/access/gate.py for who may send one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from contracts.model import CLASSES
from contracts.platforms import Platform
from contracts.profile_ref import InvalidReference, ProfileRef
from gateway.access.caller import caller
from gateway.errors import DatabaseUnavailableError, FetcherUnreachableError
from gateway.pages.problem_page import problem_page
from gateway.problems import problem_of
from gateway.request_context import request_id
from gateway.results.accounts import read_account
from gateway.results.archive import Archive
from gateway.results.correction_views import add_correction_views
from gateway.results.corrections import MOST_COMMENT
from gateway.results.stored import StoredResult, time_of
from gateway.wording import CLASS_WORDS


def create_results_pages(archive: Archive, now: Callable[[], datetime]) -> Blueprint:
    """The blueprint; `now` gives the time in UTC."""
    pages = Blueprint("results", __name__)

    @pages.context_processor
    def words() -> dict[str, object]:
        return {"class_words": CLASS_WORDS, "classes": CLASSES, "time_of": time_of, "most_comment": MOST_COMMENT}

    def answer_problem(error: Exception) -> ResponseReturnValue:
        return problem_page(problem_of(error, now()))

    for kind in (DatabaseUnavailableError, FetcherUnreachableError, InvalidReference):
        pages.register_error_handler(kind, answer_problem)

    @pages.get("/history")
    def history() -> ResponseReturnValue:
        """What the caller was answered lately, or, for an account that is named, the way to its page."""
        profile, platform = request.args.get("profile"), request.args.get("platform")
        if profile is None:
            return render_template("history.html", found=archive.latest(caller()), trouble=None, given=("", "x"))
        try:
            ref = ProfileRef.parse(profile, Platform(platform) if platform in list(Platform) else None)
        except InvalidReference as error:
            told = {"found": [], "trouble": str(error), "given": (profile, platform)}
            return render_template("history.html", **told), 422
        return redirect(_address(ref), 303)

    @pages.get("/accounts/<platform>/<account>")
    def account(platform: str, account: str) -> ResponseReturnValue:
        """What the caller was answered about an account."""
        ref = read_account(platform, account)
        found = archive.history(caller(), ref)
        return render_template("account.html", found=found, ref=ref, name=_name(ref, found))

    @pages.get("/accounts/<platform>/<account>/delete")
    def ask_deletion(platform: str, account: str) -> ResponseReturnValue:
        """Say what a deletion does, and ask."""
        ref = read_account(platform, account)
        name = _name(ref, archive.history(caller(), ref))
        return render_template("delete_account.html", ref=ref, name=name, erased=None, place=(platform, account))

    @pages.post("/accounts/<platform>/<account>/delete")
    def delete(platform: str, account: str) -> ResponseReturnValue:
        """Delete the account, and say what that came to."""
        ref = read_account(platform, account)
        scope = request.form.get("scope")
        name = _name(ref, archive.history(caller(), ref))
        everyone = None if scope not in {"mine", "everyone"} else scope == "everyone"
        erased = archive.delete(caller(), ref, request_id(), everyone=everyone)
        return render_template("delete_account.html", ref=ref, name=name, erased=erased)

    add_correction_views(pages, archive)
    return pages


def _name(ref: ProfileRef, found: Sequence[StoredResult]) -> str:
    """As people know it: by its handle, also where it is asked for by its id."""
    handle = ref.handle or next((each.handle for each in found if each.handle), None)
    return f"@{handle}" if handle else f"Account {ref.id}"


def _address(ref: ProfileRef) -> str:
    account = f"@{ref.handle}" if ref.handle else str(ref.id)
    return url_for("results.account", platform=ref.platform.value, account=account)
