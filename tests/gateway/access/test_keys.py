from __future__ import annotations

import pytest

from gateway.access.caller import Caller, Role
from gateway.access.keys import (
    InvalidKeys,
    Key,
    digest_of,
    find_fingerprint,
    find_secret,
    is_name,
    new_secret,
    read_keys,
    write_keys,
)

D = "0" * 64
ENTRY = f'[[keys]]\nname = "ada"\nrole = "viewer"\nsha256 = "{D}"\n'


def test_what_is_written_is_read() -> None:
    keys = (Key("ada", Role.VIEWER, D, 30, 0.5), Key("olga", Role.OPERATOR, "1" * 64))
    assert read_keys(write_keys(keys)) == keys
    assert read_keys(write_keys(())) == ()


def test_a_key_is_found_by_its_secret_and_by_its_fingerprint() -> None:
    secret = new_secret()
    keys = [Key("olga", Role.OPERATOR, D), Key("ada", Role.VIEWER, digest_of(secret))]
    found = find_secret(keys, secret)
    assert found is not None
    assert found.caller == Caller("ada", Role.VIEWER, "ada", 120, None)
    assert find_fingerprint(keys, found.fingerprint) is found
    assert find_secret(keys, secret + "x") is None
    assert find_secret(keys, "Schlüssel") is None
    assert find_fingerprint(keys, digest_of(secret)) is None


def test_two_secrets_differ() -> None:
    assert new_secret() != new_secret()


@pytest.mark.parametrize("name", ["local", "", "Ada", "a b", "-a", "a" * 65, 'a"'])
def test_names_are_plain_and_local_is_taken(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("keys", "no TOML"),
        ("other = 1", r"nothing but at most 1000 entries \[\[keys\]\]"),
        ("keys = 1", r"\[\[keys\]\]"),
        ("keys = [1]", "entry 1 is no table"),
        (ENTRY.replace("ada", "local"), "the name of entry 1"),
        (ENTRY.replace("viewer", "admin"), "the role of entry 1 must be viewer or operator"),
        (ENTRY.replace(D, "abc"), "sha256 of entry 1"),
        (ENTRY + "per_minute = 0", "per_minute of entry 1"),
        (ENTRY + "per_minute = true", "per_minute of entry 1"),
        (ENTRY + "usd_per_day = -1", "usd_per_day of entry 1"),
        (ENTRY + "usd_per_day = nan", "usd_per_day of entry 1"),
        (ENTRY + "secret = 'x'", "unknown field secret"),
        (ENTRY + ENTRY.replace("viewer", "operator"), "named ada differ"),
    ],
)
def test_a_wrong_file_is_one_sentence_without_digests(text: str, sentence: str) -> None:
    with pytest.raises(InvalidKeys, match=sentence) as caught:
        read_keys(text)
    assert D not in str(caught.value)
