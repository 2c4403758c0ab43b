"""What there is to see in the pictures: answers, corrections, batches in every state, labels, a limit that is reached.

Everything in it is invented.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from gateway.access.key_file import save_keys
from gateway.app import create_app
from gateway.batches.review import UNCLEAR
from gateway.config import Config
from tests.e2e.serving import served
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel, nothing
from tests.gateway.guarded import KEYS
from tests.integration.running_system import System

_WORDS = ("maple", "lantern", "harbor", "pebble", "comet", "meadow", "violet", "ember", "willow", "quartz")
_KINDS = ("reg", "reg", "reg", "reg", "reg", "reg", "bot", "bot", "inf", "fake")
_CLASSES = {"reg": "regular", "bot": "bot", "inf": "influencer", "fake": "fake"}
_PATIENCE_S = 120.0


@contextmanager
def filled(system: System, folder: Path) -> Iterator[Mapping[str, str]]:
    """Fill the system; the ids and addresses of what is in it."""
    fill = _Fill(system)
    things = {
        "result": fill.answers(),
        "finished": fill.batch(_names(420), "Followers of the harbor festival", bad=True),
        "other": fill.batch(_names(300, start=120, turn=1), "The same, a month later"),
        "planned": fill.batch(_names(400, start=500), "Newsletter readers", begin=False),
    }
    fill.review(things["finished"])
    things["running"] = fill.batch(_names(150, start=900), "Photo contest", platform="instagram", until=60)
    things["limited"] = fill.reach_the_limit()
    with _guarded(folder) as sign_in:
        yield {**things, "sign_in": sign_in}


def _names(count: int, *, start: int = 0, turn: int = 0) -> list[str]:
    numbers = range(start, start + count)
    return [f"{_KINDS[(n * 7 + turn) % 10]}_{_WORDS[n % 10]}{n}" for n in numbers]


class _Fill:
    def __init__(self, system: System) -> None:
        self._system = system

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = requests.request(method, self._system.url("GATEWAY_PORT", f"/api/v1{path}"), timeout=60, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def answers(self) -> str:
        """Some answers and two corrections; the id of the last answer."""
        made = []
        for name in ("inf_lantern", "reg_maple", "bot_comet", "fake_pebble", "reg_harbor", "bot_kite"):
            answer = self._system.classify(f"https://x.com/{name}")
            assert answer.status_code == 200, answer.text
            made.append(answer.json()["result_id"])
        self._await_kept("bot_kite")
        said = ((made[4], "influencer", "Writes for a paper; met in person."), (made[2], "regular", "A hobby account."))
        for result, label, comment in said:
            made_now = self._ask("POST", "/corrections", json={"result_id": result, "label": label, "comment": comment})
        self._ask("PUT", f"/corrections/{made_now['id']}", json={"state": "approved"})
        return str(made[5])

    def _await_kept(self, name: str) -> None:
        """Answers are kept a moment after they were given, in their order."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self._ask("GET", f"/accounts/x/@{name}/results")["results"]:
            assert time.monotonic() < deadline, "The answer is not kept."
            time.sleep(0.05)

    def batch(
        self,
        names: list[str],
        title: str,
        *,
        platform: str = "x",
        bad: bool = False,
        begin: bool = True,
        until: int | None = None,
    ) -> str:
        """A batch of these names, worked through, or as far as `until` rows; its id."""
        accounts = [f"@{name}" for name in names]
        if bad:
            accounts[7:7] = ["https://x.com/home", accounts[3], "not a name!"]
            accounts[40:40] = ["@reg_a_missing", "@bot_suspended", "@reg_b_private"]
        body = {"accounts": accounts, "platform": platform, "name": title}
        batch = str(self._ask("POST", "/batches", json=body)["id"])
        if begin:
            self._ask("POST", f"/batches/{batch}/confirm")
            self._await(batch, len(names) if until is None else until)
        return batch

    def _await(self, batch: str, count: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            report = self._ask("GET", f"/batches/{batch}")
            done = report["progress"]["rows"]["done"]
            if done >= count and (report["state"] == "finished" or done < report["rows"]):
                return
            assert time.monotonic() < deadline, report
            time.sleep(0.2)

    def review(self, batch: str) -> None:
        """Two people label a sample; they differ once."""
        self._ask("POST", f"/batches/{batch}/sample", params={"size": 12, "seed": 4})
        sample = self._ask("GET", f"/batches/{batch}/sample")["accounts"]
        for number, each in enumerate(sample):
            label = _CLASSES[each["handle"].partition("_")[0]]
            for reviewer in (1, 2):
                said = UNCLEAR if number == 5 and reviewer == 2 else label
                params = {"reviewer": reviewer, "label": said}
                self._ask("PUT", f"/batches/{batch}/sample/{each['place']}", params=params)

    def reach_the_limit(self) -> str:
        """Ask for accounts of Instagram until no more may be asked for; the address of the first that has to wait."""
        for number in range(40):
            address = f"https://www.instagram.com/reg_{_WORDS[number % 10]}_in_line_{number}"
            if self._system.classify(address).status_code == 503:
                return address
        raise AssertionError("Instagram has no limit.")


@contextmanager
def _guarded(folder: Path) -> Iterator[str]:
    """The address of a sign-in page: a gateway of its own, which lets only keys in."""
    save_keys(folder / "keys.toml", KEYS)
    config = Config(api_keys_file=folder / "keys.toml")
    app = create_app(config, fetcher=FakeFetcher(), model=FakeModel(), demo=FakeDemo(), get=nothing)
    with served(app) as url:
        yield f"{url}/history"
