from __future__ import annotations

import time

import pytest

from contracts.platforms import Platform
from gateway.batches.accounts import Accounts, Complaint, read_accounts
from gateway.batches.errors import UnreadableListError
from gateway.batches.given import Format, decoded, entries, format_of


def read(text: str, form: Format | None = None, platform: Platform | None = Platform.X) -> Accounts:
    return read_accounts(entries(text, form or format_of(text)), platform)


def keys(accounts: Accounts) -> list[tuple[int, str]]:
    return [(line, ref.key) for line, ref in accounts.rows]


@pytest.mark.parametrize(
    "text",
    [
        "@maple\n42\nhttps://instagram.com/oak.tree\n",
        "profile\n@maple\n42\nhttps://instagram.com/oak.tree".replace("profile\n", ""),
        '["@maple", "42", "https://instagram.com/oak.tree"]',
        '[{"handle": "maple"}, {"id": 42}, {"username": "oak.tree", "platform": "instagram"}]',
        '{"handle": "Maple"}\n{"id": "42"}\n{"url": "https://instagram.com/oak.tree", "more": [1]}\n',
        "maple\n42\noak.tree,instagram\n",
    ],
)
def test_every_format_names_the_same_accounts(text: str) -> None:
    assert keys(read(text)) == [(1, "x:@maple"), (2, "x:42"), (3, "instagram:@oak.tree")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_by_its_header_whatever_stands_between_its_cells(delimiter: str) -> None:
    lines = ['Name,Handle,Platform,"Bio"', 'Maple,123,twitter,"two\nlines"', "Oak,oak.tree,Instagram,x"]
    accounts = read("\n".join(lines).replace(",", delimiter))
    assert keys(accounts) == [(2, "x:@123"), (4, "instagram:@oak.tree")]
    assert accounts.refused == []


def test_duplicates_and_bad_lines_are_reported_and_the_good_ones_kept() -> None:
    accounts = read("@maple\n\nhttps://example.com/maple\nhttps://x.com/Maple\nno such handle\n@oak")
    assert keys(accounts) == [(1, "x:@maple"), (6, "x:@oak")]
    assert [(each.line, each.kind) for each in accounts.refused] == [
        (3, Complaint.BAD),
        (4, Complaint.DUPLICATE),
        (5, Complaint.BAD),
    ]
    assert accounts.refused[1].detail == "The same account stands in line 1."
    assert all(each.detail.endswith(".") for each in accounts.refused)


def test_a_quotation_mark_that_is_never_closed_spoils_its_own_line_only() -> None:
    accounts = read('handle\n"maple\noak\nelm\n')
    assert keys(accounts) == [(3, "x:@oak"), (4, "x:@elm")]
    assert [each.line for each in accounts.refused] == [2]


def test_many_open_quotation_marks_do_not_take_long() -> None:
    began = time.monotonic()
    assert len(read('"maple\n' * 20_000).refused) >= 10_000
    assert time.monotonic() - began < 20


def test_a_bare_handle_without_a_platform_is_a_bad_line() -> None:
    accounts = read("@maple\nhttps://x.com/oak", platform=None)
    assert keys(accounts) == [(2, "x:@oak")]
    assert "platform" in accounts.refused[0].detail


@pytest.mark.parametrize("entry", ["1", "null", "[]", "{}", '{"handle": null}', '{"handle": "a", "platform": "mars"}'])
def test_an_entry_of_another_kind_is_a_bad_line(entry: str) -> None:
    assert [each.kind for each in read(f"[{entry}]").refused] == [Complaint.BAD]
    assert len(read(f'{{"id": 1}}\n{entry}\n', Format.JSON_LINES).refused) == 1


def test_a_bad_line_does_not_repeat_what_was_given() -> None:
    accounts = read("https://example.com/secret_name\n=secret_name()\n")
    assert "secret" not in repr(accounts)


def test_more_than_the_most_is_refused_with_a_sentence() -> None:
    with pytest.raises(UnreadableListError, match="more than 2 accounts; send it in parts"):
        read_accounts(entries("a\nb\nc", Format.CSV), Platform.X, most=2)


@pytest.mark.parametrize("text", ["[1, ", '{"a": 1}', "[" * 100_000])
def test_a_broken_list_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UnreadableListError, match="JSON"):
        entries(text, Format.JSON)


def test_a_file_of_a_spreadsheet_is_read_whatever_unicode_it_is_in() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert keys(read(decoded("handle\r\nmaple\r\n".encode(encoding)))) == [(2, "x:@maple")]
    with pytest.raises(UnreadableListError, match="UTF-8"):
        decoded(b"\xe4\xf6")


@pytest.mark.parametrize(
    "text",
    [
        "1234567890123450000\n987654321098765000\n@maple",
        "id\n1234567890123450000\n987654321098765000",
        '[{"id": 1234567890123450000}, {"id": 987654321098765000}]',
        "id\n1.23457E+17\n1.23457E+18",
        "1,23457E+17\n1,23457E+18",
        '[{"id": 1.23457e17}, {"user_id": 1.5e18}]',
    ],
)
def test_ids_that_a_spreadsheet_rounded_are_told_and_nobody_else_is_looked_up(text: str) -> None:
    accounts = read(text)
    assert [ref.id for _, ref in accounts.rows if ref.id] == []
    assert len(accounts.refused) == 2
    assert all("spreadsheet has rounded" in each.detail for each in accounts.refused)


def test_two_ids_that_became_the_same_by_rounding_tell_it_too() -> None:
    accounts = read("1234567890123450000\n1234567890123450000\n@maple")
    assert keys(accounts) == [(3, "x:@maple")]
    assert [each.kind for each in accounts.refused] == [Complaint.BAD, Complaint.DUPLICATE]


def test_a_true_id_may_end_in_zeros() -> None:
    assert read("1234567890123450000\n1234567890123456789\n@maple").refused == []
    assert read("1234567890123450000\n@maple").refused == []
    many = "\n".join(["987654321098765000", "1234567890123450000", *(str(10**18 + n) for n in range(7, 17))])
    assert read(many).refused == []


def test_numbers_with_a_fraction_of_nothing_and_full_width_signs_are_read() -> None:
    assert keys(read("id,bio\n12345.0,x\n67.0,x")) == [(2, "x:12345"), (3, "x:67")]
    assert keys(read('[{"id": 12345.0}]')) == [(1, "x:12345")]
    assert keys(read("handle\n\uff20maple\n")) == [(2, "x:@maple")]
    assert keys(read("\uff20maple\n\uff14\uff12\n")) == [(1, "x:@maple"), (2, "x:42")]
