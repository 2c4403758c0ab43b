"""People who ask while something is done to the system: a bounded rate, and what became of each question."""

from __future__ import annotations

import threading
from collections import Counter

import requests

from tests.compose.stack import Stack

PEOPLE = 4
EACH_PER_SECOND = 4.0
HANDLES = [f"{kind}_loaded{number}" for kind in ("reg", "bot", "inf", "fake") for number in range(10)]


class Load:
    """A context manager: four people ask four times a second each, with the key in `key`, until it ends.

    `answers` counts status and version of the model, `failures` holds every answer that was not 200.
    """

    def __init__(self, stack: Stack, key: str, *, platform: str = "https://x.com/") -> None:
        self.key = key
        self.answers: Counter[tuple[int, int | None]] = Counter()
        self.failures: list[str] = []
        self._url = stack.url("/api/v1/classify")
        self._platform = platform
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(person,), daemon=True) for person in range(PEOPLE)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(40)

    def versions(self) -> set[int | None]:
        """The versions that answered so far."""
        with self._lock:
            return {version for _, version in self.answers}

    def forget(self) -> None:
        """Count from nothing again."""
        with self._lock:
            self.answers.clear()

    def _ask(self, person: int) -> None:
        with requests.Session() as session:
            turn = person
            while not self._ended.wait(1 / EACH_PER_SECOND):
                turn += PEOPLE
                self._ask_once(session, HANDLES[turn % len(HANDLES)])

    def _ask_once(self, session: requests.Session, handle: str) -> None:
        key = self.key
        try:
            headers = {"Authorization": f"Bearer {key}"}
            answer = session.post(self._url, json={"profile": f"{self._platform}{handle}"}, headers=headers, timeout=30)
        except requests.RequestException as error:
            with self._lock:
                self.failures.append(type(error).__name__)
            return
        version = answer.json()["model"]["version"] if answer.status_code == 200 else None
        with self._lock:
            self.answers[answer.status_code, version] += 1
            if answer.status_code != 200:
                self.failures.append(f"{answer.status_code} {answer.text[:300]}")
