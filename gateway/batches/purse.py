"""The dollars of batches: each is paid for by the key that made it, within what that key may spend on a UTC day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from contracts.platforms import Platform
from gateway.access.caller import LOCAL, Caller
from gateway.access.keys import Key
from gateway.access.spending import Bill, Spending
from gateway.batches.errors import NoMoneyError
from gateway.errors import AllowanceSpentError


class Keys(Protocol):
    """The keys that are let in."""

    def keys(self) -> Sequence[Key]:
        """Those that hold now."""


class Purse(Protocol):
    """Pays for the accounts of a chunk."""

    def lookups(self, owner: str, platform: Platform, most: int) -> AbstractContextManager[Bill]:
        """As many of `most` as there is money for, told by the bill; raises NoMoneyError where that is none."""


class KeyPurse:
    """The keys' own dollars; without `keys` nothing is bounded."""

    def __init__(self, spending: Spending, keys: Keys | None) -> None:
        self._spending = spending
        self._keys = keys

    @contextmanager
    def lookups(self, owner: str, platform: Platform, most: int) -> Iterator[Bill]:
        """See Purse; raises DatabaseUnavailableError too."""
        who = self._caller(owner)
        try:
            with self._spending.lookup(who, platform, most) as bill:
                yield bill
        except AllowanceSpentError:
            raise NoMoneyError(
                f"Its key has spent the ${who.usd_per_day:.2f} that it may spend on a UTC day. "
                "Go on after midnight UTC, or when the key may spend more."
            ) from None

    def _caller(self, owner: str) -> Caller:
        if self._keys is None or owner == LOCAL.owner:
            return Caller(owner, LOCAL.role, owner)
        known = self._keys.keys()
        for key in known:
            if key.name == owner:
                return key.caller
        raise NoMoneyError("Its key was taken away, so nothing more is spent for it.")


class OpenPurse:
    """Pays for everything."""

    def lookups(self, owner: str, platform: Platform, most: int) -> AbstractContextManager[Bill]:  # noqa: ARG002
        """See Purse."""
        return nullcontext(Bill(lookups=most))
