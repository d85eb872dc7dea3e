import pytest

from adapter.config import Settings
from adapter.outgoing import AddressRefused, check_url, is_denied

DENY = Settings().deny_to


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_link_local_and_metadata_in_every_spelling(address):
    assert is_denied(address, DENY)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "203.0.113.1"]
)
def test_loopback_private_and_public_are_reachable(address):
    assert not is_denied(address, DENY)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://metadata.google.internal/",
        "http://METADATA.google.internal./",
    ],
)
def test_a_url_that_says_it_itself(url):
    with pytest.raises(AddressRefused, match="deny_to"):
        check_url(url, DENY)


def test_the_rule_can_be_taken_back():
    check_url("http://metadata.google.internal/", [])
    check_url("http://169.254.169.254/", [])
