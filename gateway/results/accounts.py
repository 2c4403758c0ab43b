"""The names of an account and their keyed hashes, by which things are found and deleted without being told.

A handle and an id are two names of one account (`ProfileRef`); either finds it. The hash needs the installation's own
secret, so that a copy of the database does not tell whose account a hash is: handles alone could all be tried.
"""

from __future__ import annotations

import hashlib
import hmac

from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import InvalidReference, ProfileRef
from gateway.access.secret_key import SecretKey


class AccountHashes:
    """Keyed hashes of account names; `key_id` names the key, so that those of another secret are told apart."""

    def __init__(self, secret: SecretKey) -> None:
        self._key = secret.derive("accounts")
        self.key_id = hmac.new(self._key, b"key id", hashlib.sha256).hexdigest()[:16]

    def of(self, ref: ProfileRef) -> str:
        """40 hexadecimal digits, equal exactly for equal names."""
        return hmac.new(self._key, ref.key.encode(), hashlib.sha256).hexdigest()[:40]


def read_account(platform: str, account: str) -> ProfileRef:
    """An account as an address of the API names it: a handle, `@handle`, or an id where it is a number.

    Raises InvalidReference.
    """
    if platform not in list(Platform):
        raise InvalidReference(f"The platform must be one of {', '.join(Platform)}.")
    if "/" in account:
        raise InvalidReference(Platform(platform).handle_rule)
    return ProfileRef.parse(account, Platform(platform))


def names_of(profile: Profile, asked: ProfileRef) -> tuple[ProfileRef | None, ProfileRef | None]:
    """The account's id and its handle, as far as they are known: what was read counts before what was asked for."""
    platform, handle = profile.platform, (profile.username or "").lower()
    by_handle = ProfileRef(platform, handle=handle) if platform.is_handle(handle) else None
    by_id = ProfileRef(platform, id=profile.id) if profile.id else None
    if asked.handle is not None:
        return by_id, by_handle or asked
    return by_id or asked, by_handle
