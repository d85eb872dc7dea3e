import pytest

from adapter.documents.redirects import Hop

HOME = Hop.first("https://user:p%40ss@h.test/a/b?c=d#e")


def test_credentials_and_fragment_are_not_part_of_the_url():
    assert (HOME.url, HOME.credentials) == ("https://h.test/a/b?c=d", ("user", "p@ss"))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://h:80/x", "http://h/x"),
        ("https://h:443", "https://h"),
        ("https://h:80/x", "https://h:80/x"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_a_default_port_is_left_out_as_in_the_host_header(url, plain):
    assert Hop.first(url).url == plain


@pytest.mark.parametrize(
    ("status", "is_post"), [(301, False), (302, False), (303, False), (307, True), (308, True)]
)
def test_the_method(status, is_post):
    assert HOME.after(status, "/x").is_post is is_post


@pytest.mark.parametrize(
    ("status", "method"), [(301, "PUT"), (302, "PUT"), (303, "GET"), (307, "PUT"), (308, "PUT")]
)
def test_other_methods_stay_but_for_see_other(status, method):
    assert Hop.first("http://h/", "PUT").after(status, "/x").method == method


def test_who_was_not_trusted_once_is_never_again():
    away = HOME.after(307, "https://o.test/")
    assert HOME.after(307, "/x").trusted
    assert not away.trusted
    assert not away.after(307, HOME.url).trusted


def test_a_get_stays_a_get():
    assert not HOME.after(303, "/x").after(307, "/y").is_post


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c", "https://h.test/a/c"),
        ("/c", "https://h.test/c"),
        ("?x=1", "https://h.test/a/b?x=1"),
        ("//o.test/c", "https://o.test/c"),
        ("http://o.test/", "http://o.test/"),
    ],
)
def test_the_location_may_be_relative(location, url):
    assert HOME.after(307, location).url == url


@pytest.mark.parametrize(
    ("location", "credentials"),
    [
        ("/c", ("user", "p@ss")),
        ("https://h.test:8443/", ("user", "p@ss")),
        ("https://o.test/", None),
        ("https://h.test.o.test/", None),
        ("http://h.test/", None),
        ("https://x:y@o.test/", ("x", "y")),
    ],
)
def test_credentials_stay_at_their_host(location, credentials):
    assert HOME.after(307, location).credentials == credentials


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/x", "data:text/plain,x"])
def test_only_web_pages(location):
    with pytest.raises(ValueError, match="not http"):
        HOME.after(307, location)
