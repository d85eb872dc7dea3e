"""Which answers may serve other calls, and for how long."""

import pytest

from adapter.caching import LONGEST
from adapter.documents.freshness import FreshDocuments, fresh_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Cache-Control": "max-age=60"}, 0),
        ({"Cache-Control": "public"}, 0),
        ({"Cache-Control": "public, max-age=60"}, 60),
        ({"Cache-Control": 'Public, Max-Age="60"'}, 60),
        ({"Cache-Control": "public, max-age=60, s-maxage=5"}, 5),
        ({"Cache-Control": "public, max-age=60", "Age": "20"}, 40),
        ({"Cache-Control": "public, max-age=60", "Age": "90"}, 0),
        ({"Cache-Control": "public, max-age=60", "Age": "x"}, 0),
        ({"Cache-Control": "public, max-age=x"}, 0),
        ({"Cache-Control": "public, max-age=-5"}, 0),
        ({"Cache-Control": "public, max-age=99999999"}, LONGEST),
        ({"Cache-Control": "public, no-store, max-age=60"}, 0),
        ({"Cache-Control": "private, max-age=60"}, 0),
        ({"Cache-Control": "public, no-cache, max-age=60"}, 0),
        ({"Cache-Control": "public, max-age=60", "Set-Cookie": "a=b"}, 0),
        ({"Cache-Control": "public, max-age=60", "Vary": "*"}, 0),
    ],
)
def test_how_long_an_answer_is_fresh(headers, seconds):
    assert fresh_seconds(headers) == seconds


def test_a_document_is_given_out_while_it_is_fresh():
    now = [0.0]
    kept = FreshDocuments(clock=lambda: now[0])
    kept.put("a", b"document", {"Cache-Control": "public, max-age=10"})
    kept.put("b", b"other", {})
    now[0] = 9.9
    assert (kept.get("a"), kept.get("b")) == (b"document", None)
    now[0] = 10.0
    assert kept.get("a") is None


def test_the_least_used_is_forgotten_first():
    kept = FreshDocuments(size=2)
    for key in "ab":
        kept.put(key, key.encode(), {"Cache-Control": "public, max-age=10"})
    kept.get("a")
    kept.put("c", b"c", {"Cache-Control": "public, max-age=10"})
    assert [kept.get(key) for key in "abc"] == [b"a", None, b"c"]
