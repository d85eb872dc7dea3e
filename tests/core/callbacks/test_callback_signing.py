"""Signatures, with the worked example."""

import pytest

from adapter.callbacks.signing import signature_headers, signed_url, strip_credentials

BODY = (
    b'{"event_type":"calling.call.record",'
    b'"params":{"call_id":"c1","control_id":"rec1","state":"finished"}}'
)


def test_worked_example() -> None:
    assert signature_headers("PSK_example", "http://127.0.0.1:5105/status", BODY) == {
        "X-SignalWire-Signature": "46f8e7a39fd11f3ebc2d4163825dc8e13a2ce513",
        "X-SignalWire-Sha256-Signature": (
            "7f548bf8aaff719f02c721e83c976cfef74339cc2e0b3ad613c878878051b2fe"
        ),
    }


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("http://user:pass@host:81/a?b=c", "http://host:81/a?b=c"),
        ("https://host", "https://host/"),
        ("https://host?x=1", "https://host/?x=1"),
        ("https://host/a#part", "https://host/a"),
        ("https://host/a?x=1&y=%20", "https://host/a?x=1&y=%20"),
    ],
)
def test_signed_url(url: str, signed: str) -> None:
    assert signed_url(url) == signed


def test_credentials_do_not_change_the_signature() -> None:
    plain = signature_headers("key", "https://host/a", BODY)
    assert signature_headers("key", "https://user:pass@host/a", BODY) == plain


@pytest.mark.parametrize("other", [("KEY", "http://h/", BODY), ("key", "http://h/x", BODY)])
def test_key_and_url_count(other: tuple[str, str, bytes]) -> None:
    assert signature_headers(*other) != signature_headers("key", "http://h/", BODY)


@pytest.mark.parametrize(
    ("url", "plain", "credentials"),
    [
        ("http://host/a", "http://host/a", None),
        ("http://user:pass@host/a", "http://host/a", ("user", "pass")),
        ("http://user@host/a", "http://host/a", ("user", "")),
        ("http://u%40x:p%3Aq%2F@host:8/", "http://host:8/", ("u@x", "p:q/")),
        ("http://a@b:c@host/", "http://host/", ("a@b", "c")),
        ("http://user:a:b@[::1]:8/", "http://[::1]:8/", ("user", "a:b")),
    ],
)
def test_credentials_are_split_off(url: str, plain: str, credentials: object) -> None:
    assert strip_credentials(url) == (plain, credentials)
