"""The libraries' own ways with limits, unmodified, in virtual time: Tweepy waits at the wall, Instaloader counts alone.

Each of their processes is a thread that holds the baton while it runs and passes it on when it sleeps.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import instaloader.instaloadercontext
import requests
import tweepy
import tweepy.client
from requests.adapters import BaseAdapter

from bench.virtual_platforms import Platforms, Timeline
from contracts.platforms import Platform
from fetcher.limiter.messages import AnswerKind

_ANSWER_S = 0.25


class Baton:
    """Threads in virtual time, one at a time."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self._done = threading.Event()

    def spawn(self, work: Callable[[], None]) -> None:
        """Let `work`, which never ends, run as a process from now on; after the timeline it sleeps for good."""
        go = threading.Event()

        def run() -> None:
            go.wait()
            work()

        threading.Thread(target=run, daemon=True).start()
        self._line.at(self._line.now, lambda: self._hand_to(go))

    def sleep(self, seconds: float) -> None:
        """Called by a process: let the others run meanwhile."""
        woken = threading.Event()
        self._line.at(self._line.now + max(seconds, 0.0), lambda: self._hand_to(woken))
        self._done.set()
        woken.wait()

    def _hand_to(self, event: threading.Event) -> None:
        self._done.clear()
        event.set()
        self._done.wait()


class _Wire(BaseAdapter):
    def __init__(self, platforms: Platforms, baton: Baton) -> None:
        super().__init__()
        self._platforms = platforms
        self._baton = baton

    def send(self, request: Any, **_: Any) -> requests.Response:  # type: ignore[override]
        self._baton.sleep(_ANSWER_S / 2)
        answer = self._platforms.receive(Platform.X, "users_by_username", "c", ["x"])
        self._baton.sleep(_ANSWER_S / 2)
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code = {AnswerKind.SERVED: 200, AnswerKind.RATE_LIMITED: 429}.get(answer.kind, 503)
        response._content = json.dumps({"data": []} if response.status_code == 200 else {}).encode()
        if answer.reset is not None:
            response.headers["x-rate-limit-reset"] = f"{answer.reset:.0f}"
        return response

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _virtual(module: Any, line: Timeline, baton: Baton) -> Iterator[None]:
    time = SimpleNamespace(time=lambda: line.now, monotonic=lambda: line.now, sleep=baton.sleep)
    with mock.patch.object(module, "time", time):
        yield


def tweepy_day(platforms: Platforms, people: list[float], until: float, replicas: int = 3) -> list[float]:
    """Each replica asks for one handle after the other, people first; returns the waits of those who came."""
    logging.getLogger("tweepy").setLevel(logging.ERROR)
    line, baton = platforms.line, Baton(platforms.line)
    waiting, waits = sorted(people), list[float]()

    def work() -> None:
        client = tweepy.Client("c", wait_on_rate_limit=True)
        client.session.mount("https://", _Wire(platforms, baton))
        while True:
            arrived = waiting.pop(0) if waiting and waiting[0] <= line.now else None
            try:
                client.get_users(usernames=["x"])
            except tweepy.TweepyException:
                continue
            if arrived is not None:
                waits.append(line.now - arrived)

    with _virtual(tweepy.client, line, baton):
        for _ in range(replicas):
            baton.spawn(work)
        line.run(until)
    return waits


def instaloader_day(platforms: Platforms, restarts: list[float], until: float, replicas: int = 3) -> None:
    """Each replica keeps Instaloader's own count, in memory, and starts anew at `restarts`."""
    line, baton = platforms.line, Baton(platforms.line)

    def work(number: int) -> Callable[[], None]:
        def run() -> None:
            mine = [moment for index, moment in enumerate(restarts) if index % replicas == number]
            controller = _controller(baton)
            while True:
                if mine and mine[0] <= line.now:
                    mine.pop(0)
                    controller = _controller(baton)
                controller.wait_before_query("other")
                answer = platforms.receive(Platform.INSTAGRAM, "web_profile_info", "c")
                baton.sleep(_ANSWER_S)
                if answer.kind is AnswerKind.RATE_LIMITED:
                    controller.handle_429("other")

        return run

    with _virtual(instaloader.instaloadercontext, line, baton):
        for number in range(replicas):
            baton.spawn(work(number))
        line.run(until)


def _controller(baton: Baton) -> Any:
    context = SimpleNamespace(log=lambda *_, **__: None, error=lambda *_, **__: None, quiet=True)
    controller = instaloader.instaloadercontext.RateController(context)
    controller.sleep = baton.sleep
    return controller
