"""Signing in with a key, and out again."""

from __future__ import annotations

import re

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gateway.access.key_file import KeyFile
from gateway.access.keys import find_secret
from gateway.access.sessions import Sessions

_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")
"""A path of this site, which a browser cannot take for another host."""


def create_access_pages(keys: KeyFile | None, sessions: Sessions) -> Blueprint:
    """The sign-in form; without keys there is nothing to sign in to, and it leads to the first page."""
    pages = Blueprint("access", __name__)

    @pages.get("/sign-in")
    def sign_in() -> ResponseReturnValue:
        """Ask for a key."""
        wanted = _own_path(request.args.get("next"))
        if keys is None:
            return redirect(wanted, 303)
        return render_template("sign_in.html", wanted=wanted, trouble=None)

    @pages.post("/sign-in")
    def enter() -> ResponseReturnValue:
        """Begin a session with a key that is known."""
        wanted = _own_path(request.form.get("next"))
        if keys is None:
            return redirect(wanted, 303)
        key = find_secret(keys.keys(), request.form.get("key", "").strip())
        if key is None:
            return render_template("sign_in.html", wanted=wanted, trouble="That key is not known."), 401
        response = make_response(redirect(wanted, 303))
        sessions.begin(request, response, key)
        return response

    @pages.post("/sign-out")
    def leave() -> ResponseReturnValue:
        """End the session of this browser."""
        response = make_response(redirect(url_for("access.sign_in"), 303))
        sessions.end(response)
        return response

    return pages


def _own_path(text: str | None) -> str:
    return text if text and _OWN_PATH.fullmatch(text) else url_for("pages.index")
