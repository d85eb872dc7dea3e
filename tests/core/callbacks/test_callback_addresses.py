"""Where a callback goes, as taken from its URL, and what the receiver sees of it."""

import base64
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.callbacks.address import AddressError, origin_of
from adapter.callbacks.signing import signature_headers
from adapter.callbacks.transport import prepared


@pytest.mark.parametrize(
    ("url", "seen", "origin"),
    [
        ("https://Example.com:8443/a?c=d#e", None, "https://example.com:8443"),
        ("http://host", "http://host/", "http://host:80"),
        ("http://host:80/x", None, "http://host:80"),
        ("https://host:443/x", None, "https://host:443"),
        ("http://host:443/x", "http://host:443/x", "http://host:443"),
        ("http://host?x", "http://host/?x", "http://host:80"),
        ("http://[::1]:8/x", "http://[::1]:8/x", "http://[::1]:8"),
        ("http://host/a b/ü?q=%20&r=a b", "http://host/a%20b/%C3%BC?q=%20&r=a%20b", None),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", None),
    ],
)
def test_url_as_the_receiver_sees_it(url: str, seen: str | None, origin: str | None) -> None:
    assert origin in (None, origin_of(url))
    assert seen in (None, prepared(url, b"", {}).url)


def test_credentials_become_basic_auth_and_are_not_signed() -> None:
    headers = {"Content-Type": "application/json"}
    request = prepared("https://üser:p%40ss@host/a?b=c", b"body", headers, "key")
    assert request.url == "https://host/a?b=c"
    token = request.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(token).decode() == "üser:p@ss"
    for name, value in signature_headers("key", "https://host/a?b=c", b"body").items():
        assert request.headers[name] == value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status",
        "/status",
        "ftp://host/",
        "ftp://host:21/",
        "http://",
        "http:///path",
        "http://host:99999/",
        "http://host:secret/",
        "http://[::1/",
        "http://a host/",
        "javascript:alert(1)",
    ],
)
def test_unusable_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        origin_of(url)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_can_break_out_of_the_request_line(text: str) -> None:
    url = f"http://host/{text}"
    try:
        origin = origin_of(url)
    except AddressError:
        return
    target = prepared(url, b"", {}).path_url
    assert origin == "http://host:80"
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target


@given(st.text(max_size=40))
def test_no_host_can_break_out_of_its_header(text: str) -> None:
    url = f"http://{text}/"
    try:
        origin = origin_of(url)
    except AddressError:
        return
    request = prepared(url, b"", {})
    for shown in (origin, urlsplit(request.url).netloc, request.headers.get("Authorization", "")):
        assert shown.isascii()
        assert shown.isprintable()
    assert " " not in origin
