"""One WSGI application for both platforms: the Host header says which one is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from contracts.platforms import Platform
from fetcher.emulator.accounts import Accounts
from fetcher.emulator.control import create_control
from fetcher.emulator.faults import Faults
from fetcher.emulator.instagram_api import create_instagram
from fetcher.emulator.population import Population
from fetcher.emulator.windows import Accounting, Limit
from fetcher.emulator.x_api import create_x

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REAL_LIMITS: Mapping[Platform, Sequence[Limit]] = {
    Platform.X: (
        Limit(name="users/by", methods=frozenset(["users_by_username"]), limit=300, seconds=900, fixed=True),
        Limit(name="users", methods=frozenset(["users_by_id"]), limit=300, seconds=900, fixed=True),
    ),
    Platform.INSTAGRAM: (
        Limit(
            name="other",
            methods=frozenset(["web_profile_info", "profile_page", "start_page"]),
            limit=75,
            seconds=660,
            fixed=False,
        ),
        Limit(name="graphql per query", methods=frozenset(["graphql_user"]), limit=200, seconds=660, fixed=False),
        Limit(name="graphql together", methods=frozenset(["graphql_user"]), limit=275, seconds=600, fixed=False),
    ),
}


class Emulator:
    """The WSGI application; `accounting` and `faults` of each platform are there for tests in the same process."""

    def __init__(
        self,
        *,
        limits: Mapping[Platform, Sequence[Limit]] = REAL_LIMITS,
        now: Callable[[], float] = time.time,
        population: Population | None = None,
    ) -> None:
        accounts = Accounts(Population.read() if population is None else population)
        self.accounting = {platform: Accounting(limits[platform], now) for platform in Platform}
        self.faults = {platform: Faults() for platform in Platform}
        x = create_x(accounts, self.accounting[Platform.X], self.faults[Platform.X])
        instagram = create_instagram(accounts, self.accounting[Platform.INSTAGRAM], self.faults[Platform.INSTAGRAM])
        self._sites: dict[str, WSGIApplication] = {
            **dict.fromkeys(("api.twitter.com", "api.x.com"), x.wsgi_app),
            **dict.fromkeys(("www.instagram.com", "i.instagram.com"), instagram.wsgi_app),
        }
        self._control: WSGIApplication = create_control(self.accounting, self.faults).wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request to the platform that its Host header names; every other host is the emulator's own."""
        host = str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()
        return self._sites.get(host, self._control)(environ, start_response)
