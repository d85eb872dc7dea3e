from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.web.ranges import (
    ByteRange,
    RangeNotSatisfiable,
    is_unchanged,
    parse_range,
    range_applies,
)

ETAG = '"1-2"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=2-4", ByteRange(2, 5)),
        ("bytes=2-", ByteRange(2, 10)),
        ("bytes=2-99", ByteRange(2, 10)),
        ("bytes=-3", ByteRange(7, 10)),
        ("bytes=-99", ByteRange(0, 10)),
        ("Bytes = 9-9 ", ByteRange(9, 10)),
    ],
)
def test_a_single_range_is_cut_to_the_file(header, expected):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "lines=0-1",
     "bytes=a-b", "bytes=" + "9" * 30 + "-", "bytes=\u0663-"],
)  # fmt: skip
def test_what_may_be_ignored_gives_the_whole_file(header):
    assert parse_range(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header):
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1"])
def test_an_empty_file_has_no_range(header):
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 0)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_any_header_gives_a_part_of_the_file_or_a_known_answer(text, size):
    try:
        part = parse_range("bytes=" + text, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size


@given(st.integers(1, 1000), st.data())
def test_the_content_range_says_what_is_sent(size, data):
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size + 5))
    part = parse_range(f"bytes={first}-{last}", size)
    assert part is not None
    assert part.content_range(size) == f"bytes {first}-{first + part.length - 1}/{size}"


@pytest.mark.parametrize("header", [ETAG, f"W/{ETAG}", f'"other", {ETAG}', "*"])
def test_if_none_match_names_this_version(header):
    assert is_unchanged(header, ETAG)


@pytest.mark.parametrize("header", [None, "", '"other"', "1-2"])
def test_if_none_match_names_another_version(header):
    assert not is_unchanged(header, ETAG)


@pytest.mark.parametrize("header", [None, "", ETAG, formatdate(1000, usegmt=True)])
def test_the_range_applies_to_this_version(header):
    assert range_applies(header, ETAG, 1000.7)


@pytest.mark.parametrize(
    "header", ['"other"', f"W/{ETAG}", formatdate(999, usegmt=True), "yesterday"]
)
def test_the_range_does_not_apply_to_another_version(header):
    assert not range_applies(header, ETAG, 1000.7)
