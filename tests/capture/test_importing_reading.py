"""Every line is read or rejected with its reason, and at every row the place of the next byte is known."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_llm.capture.importing.columns import COLUMNS
from ecom_llm.capture.importing.lines import MAX_RECORD_BYTES, Lines, Place
from ecom_llm.capture.importing.reading import Row, rows_of
from ecom_llm.capture.importing.source import Layout, layout_of, opened
from ecom_llm.exceptions import ImportFileError

HEADER = b"occurred_at,kind,product_id\n"
CSV = Layout("csv", ",", ("occurred_at", "kind", "product_id"), "")
JSON = Layout("jsonl", "", (), "")
PIECES = [
    b"1,view_item,a\n", b'{"product_id":"a"}\n', b'"', b",", b"\n", b"\r", b"\r\n", b"\xff", b"\0", b"a", b" ", b"{",
    b"[", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xe2\x80\xa8", b"\x1c",
]  # fmt: skip
BROKEN_CSV = b"""occurred_at,kind,product_id

1,view_item,"a
""b\"""\r
2,view_item,"\xff"
3,view_item,"open
4,view_item,d

5,view_item,e"""
BROKEN_JSON = b"""\xef\xbb\xbf{"kind":"view_item","product_id":1}

{}
nope\r
{"product_id":"\\u00e9"}
{"product_id":"e"}"""


def rows(data: bytes, layout: Layout = CSV) -> list[Row]:
    return list(rows_of(Lines(io.BytesIO(data)), layout))


def products(found: list[Row]) -> list[str]:
    return [row.problem or row.record["product_id"] for row in found]


@pytest.mark.parametrize("layout", [CSV, JSON])
def test_reading_goes_on_at_any_row_and_gives_the_same(layout: Layout) -> None:
    data = BROKEN_CSV if layout is CSV else BROKEN_JSON
    whole = rows(data, layout)
    assert len(whole) >= 4
    places = []
    lines = Lines(io.BytesIO(data))
    for _ in rows_of(lines, layout):
        places.append(lines.place)
    assert places[-1].offset == len(data)
    for number, place in enumerate(places):
        if place.offset < len(data):
            again = Lines(io.BytesIO(data))
            again.skip_to(place)
            assert list(rows_of(again, layout)) == whole[number + 1 :]


@settings(max_examples=300, deadline=None)
@given(data=st.lists(st.sampled_from(PIECES)).map(b"".join), layout=st.sampled_from([CSV, JSON]))
def test_no_bytes_make_it_fail_or_lose_its_place(data: bytes, layout: Layout) -> None:
    data = HEADER + data
    lines = Lines(io.BytesIO(data))
    whole, places = [], []
    for row in rows_of(lines, layout):
        whole.append(row)
        places.append(lines.place)
    assert lines.offset == len(data)
    assert lines.number == data.count(b"\n") + (not data.endswith(b"\n"))
    assert [row.line for row in whole] == sorted({row.line for row in whole})
    middle = len(places) // 2
    if places and places[middle].offset < len(data):
        again = Lines(io.BytesIO(data))
        again.skip_to(places[middle])
        assert list(rows_of(again, layout)) == whole[middle + 1 :]


def test_values_come_in_one_order_and_absent_ones_are_empty() -> None:
    (row,) = rows(HEADER + b"1,view_item,a\n")
    assert row.values == ("1", "", "", "view_item", "a", "", "", "", "", "", "", "", "")
    assert len(row.values) == len(COLUMNS)


def test_unclosed_quote_costs_its_line_only() -> None:
    found = rows(HEADER + b'1,view_item,"open\n2,view_item,b\n3,view_item,c\n')
    assert products(found)[1:] == ["b", "c"]
    assert "not CSV" in found[0].problem
    assert [row.line for row in found] == [2, 3, 4]


def test_quote_that_stays_open_for_very_long_costs_its_line_only() -> None:
    many = MAX_RECORD_BYTES // 10
    found = rows(HEADER + b'1,view_item,"open\n' + b"2,view_item,b\n" * many)
    assert len(found) == 1 + many
    assert "quote" in found[0].problem
    assert set(products(found[1:])) == {"b"}


def test_broken_bytes_nul_and_wrong_widths_cost_their_line_only() -> None:
    found = rows(HEADER + b"1,view_item,\xff\n2,view_item,\0\n3,view_item\n4,view_item,d,e\n5,view_item,ok\n")
    assert products(found) == [
        "not UTF-8",
        "holds a NUL character",
        *["has another number of values than the header"] * 2,
        "ok",
    ]
    assert found[2].record == {"text": "3,view_item"}


class Measured(io.BytesIO):
    """Notes the most that was asked for at once."""

    most = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.most = max(self.most, size)
        return super().readline(size)


@pytest.mark.parametrize("layout", [CSV, JSON])
def test_very_long_line_is_passed_over_without_being_held(layout: Layout) -> None:
    good = b"2,view_item,b\n" if layout is CSV else b'{"product_id":"b"}\n'
    start = HEADER if layout is CSV else b""
    stream = Measured(start + b"x" * 10_000_000 + b"\n" + good)
    lines = Lines(stream)
    found = []
    for row in rows_of(lines, layout):
        assert sum(map(len, lines._held)) <= 2 * MAX_RECORD_BYTES
        found.append(row)
    assert products(found) == ["longer than 65,536 bytes", "b"]
    assert stream.most <= 1_048_576


def test_json_lines_that_are_no_events_cost_their_line_only() -> None:
    data = b"""nope
[1]
{"kind": [1]}
{"kind": true}
{"sku": "a"}
{"product_id": "\\u0000"}
{"product_id": "\\ud800"}
"""
    found = rows(
        data + b"[" * 50_000 + b"\n" + b'{"product_id": 12345678901234567890, "value": 10.10, "query": null}', JSON
    )
    assert [row.problem for row in found[:-1]] == [
        "not JSON",
        "not a JSON object",
        *["a value is neither text nor a number"] * 2,
        f"has an unknown column; known are {', '.join(COLUMNS)}",
        "holds a NUL character",
        "holds half of a surrogate pair",
        found[7].problem,
    ]
    assert "not JSON" in found[7].problem
    assert found[-1].record == {"product_id": "12345678901234567890", "value": "10.10"}


@pytest.mark.parametrize(
    ("text", "semicolon", "comma"),
    [
        ("25,00", "25.00", "25,00"),
        (" 1.234,50", " 1234.50", " 1.234,50"),
        ("-1.234.567,5", "-1234567.5", "-1.234.567,5"),
        # As it was written elsewhere: no number with a decimal comma.
        ("1.234", "1.234", "1.234"),
        ("12.50", "12.50", "12.50"),
        ("1.23,50", "1.23,50", "1.23,50"),
        ("1234.567,50", "1234.567,50", "1234.567,50"),
        ("1,234.50", "1,234.50", "1,234.50"),
        ("1,234,567", "1,234,567", "1,234,567"),
        (",5", ",5", ",5"),
    ],
)
def test_decimal_comma_is_read_where_semicolons_part_the_values(text: str, semicolon: str, comma: str) -> None:
    for delimiter, wanted in ((";", semicolon), (",", comma)):
        layout = Layout("csv", delimiter, ("occurred_at", "value", "query"), "")
        line = delimiter.join(["occurred_at", "value", "query"]) + f'\n1{delimiter}"{text}"{delimiter}"25,00"\n'
        assert rows(line.encode(), layout)[0].record == {"occurred_at": "1", "value": wanted, "query": "25,00"}


def test_file_without_values_may_have_semicolons() -> None:
    assert products(rows(b"occurred_at;kind;product_id\n1;view_item;a\n", Layout("csv", ";", CSV.columns, ""))) == ["a"]


def test_rejected_line_is_read_as_its_record_and_only_such_a_line() -> None:
    record = '{"product_id": "a", "value": 10.10}'
    data = f"""{{"line": 7, "reason": "kind is missing", "record": {record}}}
{{"reason": "kind is missing", "record": {record}}}
{{"line": 7, "reason": "kind is missing", "record": "a"}}
{{"line": 7, "reason": "kind is missing", "record": {record}, "kind": "search"}}
{{"line": 7, "reason": "not CSV", "record": {{"text": "1;search"}}}}
"""
    found = rows(data.encode(), JSON)
    assert found[0].record == {"product_id": "a", "value": "10.10"}
    assert ["unknown column" in row.problem for row in found] == [False, True, True, True, True]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "events.txt"
    path.write_text(delimiter.join(["\ufeffOccurred_At", '"kind"', "product_id"]) + "\n")
    layout = layout_of(path)
    assert layout is not None
    assert (layout.delimiter, layout.columns) == (delimiter, ("occurred_at", "kind", "product_id"))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.csv", b"occured_at,kind\n", "did you mean 'occurred_at'"),
        ("a.csv", b"kind,product_id\n1,2\n", "missing: occurred_at"),
        ("a.csv", b"kind,occurred_at,kind\n", "twice"),
        ("a.csv", "occurred_at,kind\n".encode("utf-16"), "UTF-8"),
        ("a.csv", b"x" * 100_000, "first line"),
        ("a.csv", b'"occurred_at,kind\n', "header"),
        ("a.jsonl", b'{"occurred_at": 1, "kind": "search", "querry": "x"}\n', "did you mean 'query'"),
        ("a.dat", b"kind,occurred_at", "--format"),
        ("a.xlsx", b"PK\3\4", "save it as CSV in your spreadsheet program"),
        ("a.csv", b"PK\3\4", "save it as CSV in your spreadsheet program"),
        ("a.csv.gz", b"\x1f\x8b\x08broken", "cannot be read"),
        ("a.csv.gz", gzip.compress(b"occurred_at,visitor,kind\n")[:-12], "not copied whole; get it anew"),
    ],
)
def test_file_of_no_use_is_refused_with_words(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ImportFileError, match=words):
        layout_of(path)


def test_missing_files_and_directories_are_told(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="no file"):
        layout_of(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ImportFileError, match="directory"):
        layout_of(tmp_path / "folder.csv")


def test_broken_second_line_does_not_spoil_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for second in (b"\xff,view_item,a\n", b"y" * 100_000 + b"\n"):
        path.write_bytes(HEADER + second)
        assert layout_of(path) is not None


def test_compressed_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(gzip.compress(HEADER + b"1,view_item,a\n"))
    layout = layout_of(path)
    assert layout is not None
    with opened(path) as source:
        assert products(list(rows_of(source.lines, layout))) == ["a"]


def test_bytes_that_changed_are_noticed() -> None:
    lines = Lines(io.BytesIO(HEADER))
    next(lines)
    changed = Lines(io.BytesIO(HEADER.replace(b"kind", b"kond")))
    with pytest.raises(ImportFileError, match="changed"):
        changed.skip_to(lines.place)
    with pytest.raises(ImportFileError, match="changed"):
        Lines(io.BytesIO(HEADER)).skip_to(Place(10_000, 3, 0))
