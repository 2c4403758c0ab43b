"""Chunks hold whole records, in order, with the right lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from gateway.offline.documents import UnreadableDocument
from gateway.offline.files.chunks import read_chunks, row_end
from gateway.offline.files.inputs import find_inputs


def contents(path: Path, **bounds: int) -> list[tuple[int, bytes]]:
    found = read_chunks(find_inputs([path])[0], **{"size": 50, **bounds})
    return [(chunk.first_line, chunk.content) for chunk in found]


def test_lines_are_never_cut(tmp_path: Path) -> None:
    lines = [b'{"platform": "x", "id": "%d"}' % number for number in range(20)]
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    packed.write_bytes(gzip.compress(b"\n".join(lines)))
    for path in (plain, packed):
        found = contents(path)
        assert len(found) > 5
        assert b"".join(content for _, content in found) == b"\n".join(lines)
        for first, content in found:
            assert content.startswith(lines[first - 1])


def test_a_newline_between_quotes_ends_no_row(tmp_path: Path) -> None:
    rows = [f'x,"line one of {number}\nline two, ""quoted"""\n' for number in range(10)]
    path = tmp_path / "a.csv"
    path.write_text("platform,biography\n" + "".join(rows))
    found = contents(path)
    assert len(found) > 3
    assert b"".join(content for _, content in found).decode() == "".join(rows)
    for first, content in found:
        assert content.count(b'"') % 2 == 0
        assert content.decode().startswith(rows[(first - 2) // 2])


def test_the_last_row_end_is_found_from_behind() -> None:
    content = b'a\n"b\nc"\n"d\n'
    assert row_end(content, len(content), quoted=True) == 8
    assert row_end(content, len(content), quoted=False) == len(content)
    assert row_end(b"abc", 3, quoted=True) == 0


def test_a_list_is_split_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"platform": "x", "id": str(number)} for number in range(7)], indent=1))
    found = contents(path)
    assert [first for first, _ in found] == [1, 3, 5, 7]
    assert json.loads(found[1][1].splitlines()[1])["id"] == "3"


def test_lines_under_the_name_of_a_list_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"platform": "x"}\n{"platform": "x"}\n')
    assert contents(path) == [(1, path.read_bytes())]


def test_a_list_too_large_for_memory_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"platform": "x"}] * 50))
    with pytest.raises(UnreadableDocument, match=r"jq -c"):
        contents(path, largest_list=100)


def test_a_header_without_a_platform_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("handle,followers\na,1\n")
    with pytest.raises(UnreadableDocument, match=r"a\.csv: The first line .* `platform` among them"):
        contents(path)


def test_folders_are_searched_and_other_files_left_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.csv", "in/a.jsonl.gz", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [each.name for each in find_inputs([tmp_path])] == ["b.csv", "in/a.jsonl.gz"]
    with pytest.raises(UnreadableDocument, match="no file of records"):
        find_inputs([tmp_path / "notes.txt"])
