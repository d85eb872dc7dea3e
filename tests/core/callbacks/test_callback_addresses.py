"""Where a callback goes, as taken from its URL."""

import base64
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.callbacks.address import AddressError, parse_address


def test_parts() -> None:
    address = parse_address("https://user:p%40ss@Example.com:8443/a/b?c=d#e")
    assert (address.scheme, address.host, address.port) == ("https", "example.com", 8443)
    assert address.target == "/a/b?c=d"
    assert address.url == "https://example.com:8443/a/b?c=d"
    assert address.origin == "https://example.com:8443"
    token = (address.authorization or "").removeprefix("Basic ")
    assert base64.b64decode(token) == b"user:p@ss"


@pytest.mark.parametrize(
    ("url", "seen", "origin"),
    [
        ("http://host", "http://host/", "http://host:80"),
        ("http://host:80/x", "http://host/x", "http://host:80"),
        ("https://host:443/x", "https://host/x", "https://host:443"),
        ("http://host:443/x", "http://host:443/x", "http://host:443"),
        ("http://host?x", "http://host/?x", "http://host:80"),
        ("http://[::1]:8/x", "http://[::1]:8/x", "http://[::1]:8"),
        ("http://host/a b/ü?q=%20&r=a b", "http://host/a%20b/%C3%BC?q=%20&r=a%20b", None),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", None),
    ],
)
def test_url_as_the_receiver_sees_it(url: str, seen: str, origin: str | None) -> None:
    address = parse_address(url)
    assert address.url == seen
    assert origin in (None, address.origin)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status",
        "/status",
        "ftp://host/",
        "http://",
        "http:///path",
        "http://host:0/",
        "http://host:99999/",
        "http://host:secret/",
        "http://[::1/",
        "http://a host/",
        "javascript:alert(1)",
    ],
)
def test_unusable_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(url)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_can_break_out_of_the_request_line(text: str) -> None:
    try:
        address = parse_address(f"http://host/{text}")
    except AddressError:
        return
    assert address.target.isascii()
    assert address.target.isprintable()
    assert " " not in address.target
    assert urlsplit(address.url).netloc == address.netloc


@given(st.text(max_size=40))
def test_no_host_can_break_out_of_its_header(text: str) -> None:
    try:
        address = parse_address(f"http://{text}/")
    except AddressError:
        return
    assert address.netloc.isascii()
    assert address.netloc.isprintable()
    assert " " not in address.netloc
    assert all(line.isprintable() for line in (address.url, address.authorization or ""))
