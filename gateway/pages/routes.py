"""The pages for people. One template renders an answer, whether a script asks for it or a form is sent without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from contracts.features import FEATURES
from contracts.model import PLAIN_THRESHOLD
from contracts.platforms import Platform
from gateway.assessment import Assessment
from gateway.classify import Classifier, Question
from gateway.errors import FetcherUnreachableError, ModelUnavailableError
from gateway.fetcher_client import Fetcher
from gateway.pages.demo_accounts import DemoAccounts
from gateway.pages.model_view import DRAWN_APART, TEXTS, platform_views, threshold_lines
from gateway.pages.near_limit import near_limit
from gateway.pages.questions import question_of, shares_of
from gateway.pages.result_view import ResultView, view_of
from gateway.problems import EXPECTED, KINDS, RETRY_S, Problem, problem_of
from gateway.request_context import request_id
from gateway.split_model import SplitModel
from gateway.traffic_control import TrafficControl
from gateway.traffic_report import report
from gateway.wording import CLASS_WORDS


def create_pages(
    classifier: Classifier,
    fetcher: Fetcher,
    model: SplitModel,
    control: TrafficControl,
    *,
    demo: DemoAccounts,
    now: Callable[[], datetime],
) -> Blueprint:
    """The blueprint; `now` gives the time in UTC."""
    pages = Blueprint("pages", __name__)

    def answer_to(fields: Mapping[str, str], question: Question) -> tuple[Question, ResultView | None, Problem | None]:
        try:
            question = replace(question, prevalence=shares_of(fields))
            answer = classifier.classify(question, request_id())
        except EXPECTED as error:
            return question, None, problem_of(error, now())
        return question, replace(view_of(answer, now()), near_limit=what_is_left(answer)), None

    def what_is_left(answer: Assessment) -> str | None:
        """Little, for the next lookup; what came from the cache says nothing of it, and costs nothing to say."""
        if answer.cached:
            return None
        try:
            return near_limit(fetcher.limits(request_id()), answer.profile.platform, answer.method)
        except FetcherUnreachableError:
            return None

    @pages.get("/")
    def index() -> ResponseReturnValue:
        """The field, and the answer where a profile is named in the address."""
        question, result, problem = question_of(request.args), None, None
        if question is not None:
            question, result, problem = answer_to(request.args, question)
        page = render_template(
            "index.html",
            question=question,
            result=result,
            problem=problem,
            samples=demo.accounts(),
            class_words=CLASS_WORDS,
            now=now(),
        )
        response = make_response(page, problem.status if problem else 200)
        if problem and problem.retry_after_s is not None:
            response.headers["Retry-After"] = str(problem.retry_after_s)
        return response

    @pages.post("/classify")
    def classify() -> ResponseReturnValue:
        """The answer alone, for the page's script; it was rendered whatever it tells, so the status is 200."""
        question, result, problem = answer_to(request.form, question_of(request.form) or Question(""))
        return render_template("answer.html", question=question, result=result, problem=problem, now=now())

    @pages.get("/about")
    def about() -> ResponseReturnValue:
        """What the answer means and what it does not."""
        return render_template("about.html", class_words=CLASS_WORDS)

    @pages.get("/limits")
    def limits() -> ResponseReturnValue:
        """The fetcher's windows and budgets."""
        titles = {platform.value: platform.title for platform in Platform}
        try:
            report = fetcher.limits(request_id())
        except FetcherUnreachableError as error:
            return render_template("limits.html", report=None, trouble=str(error)), 502
        return render_template("limits.html", report=report, trouble=None, titles=titles)

    @pages.get("/model")
    def model_page() -> ResponseReturnValue:
        """The stable version and what it says of itself, and who answers beside it."""
        try:
            version = model.version(request_id(), fresh=True)
        except ModelUnavailableError as error:
            page = render_template("model.html", version=None, trouble=str(error), features=FEATURES)
            return page, 503, {"Retry-After": str(RETRY_S)}
        traffic = report(model, control, request_id())
        description = version.description
        told = {
            "report": traffic,
            "plain_threshold": PLAIN_THRESHOLD,
            "thresholds": threshold_lines(description),
            "platforms": platform_views(description.card, description.base_rates),
            "told_apart": DRAWN_APART | frozenset(TEXTS),
            "class_words": CLASS_WORDS,
            "features": FEATURES,
        }
        return render_template("model.html", version=version, trouble=None, **told)

    @pages.get("/problems/<name>")
    def problem_type(name: str) -> ResponseReturnValue:
        """What a type of problem details means."""
        if name not in KINDS:
            abort(404)
        return render_template("problem_type.html", name=name, kind=KINDS[name])

    return pages
