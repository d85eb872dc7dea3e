from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.config import Route, Settings
from adapter.documents.sources import (
    File,
    InFolder,
    NoSourceError,
    Shared,
    Source,
    Topic,
    Url,
    choose,
    place,
    remote,
)

SALES = "http://h/sales"


def chosen(settings, **variables):
    return choose({"destination_number": "100", **variables}, settings)


def with_routes(*routes, **settings):
    return Settings(routes=[Route(**route) for route in routes], **settings)


def test_the_default_is_for_calls_that_nothing_else_is_for():
    settings = Settings(swml="/etc/main.yaml", fallback="http://h/sorry")
    assert chosen(settings) == Source(File(Path("/etc/main.yaml")), Url("http://h/sorry"))


def test_the_channel_variable_wins():
    settings = with_routes({"to": ".", "swml": SALES}, swml="http://h/other", fallback="/f")
    source = chosen(settings, swml_url="http://h/mine")
    assert source.places == (Url("http://h/mine"), File(Path("/f")))


@pytest.mark.parametrize("url", ["/etc/passwd", "ftp://h", "main.yaml", "FILE:x"])
def test_the_channel_variable_cannot_name_a_file(url):
    with pytest.raises(NoSourceError, match="only be named in the settings"):
        chosen(Settings(swml="/etc/main.yaml"), swml_url=url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("file:menus/main.yaml", "menus/main.yaml"),
        ("file:///srv/swml/main", "/srv/swml/main"),
        ("file:///srv/a%20b", "/srv/a b"),
        ("file://../x", "../x"),
    ],
)
def test_a_file_of_the_opened_folder_is_named_by_file(url, name):
    found = chosen(Settings(), swml_url=url).document
    assert found == Shared(url)
    assert found.name == name


def test_the_first_route_that_matches_wins():
    settings = with_routes(
        {"to": r"^\+1", "swml": "http://h/one"},
        {"to": r"^\+15", "swml": "http://h/two"},
        {"path": "sales", "swml": SALES, "fallback": "http://h/f", "project": "p"},
    )
    assert chosen(settings, destination_number="+1555").document == Url("http://h/one")
    source = chosen(settings, destination_number="+49", socket_path="sales")
    assert source == Source(Url(SALES), Url("http://h/f"), "p")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("sales", "sales", True),
        ("/sales/", "/sales", True),
        ("sales", "sales/x", False),
        ("sales", "", False),
        ("*", "anything", True),
        ("*", "", False),
        ("sales*", "sales2", True),
        ("sales/*", "sales", False),
    ],
)
def test_path_patterns(pattern, path, matches):
    settings = with_routes({"path": pattern, "swml": SALES}, swml="http://h/default")
    source = chosen(settings, socket_path=path)
    assert (source.document == Url(SALES)) is matches


def test_a_folder_gets_what_the_star_stands_for(tmp_path):
    settings = with_routes({"path": "ivr/*", "folder": tmp_path})
    found = chosen(settings, socket_path="ivr/menus/main").document
    assert found == InFolder(tmp_path, "menus/main")


@pytest.mark.parametrize(
    "path",
    ["..", "../x", "a/../b", "a//b", ".hidden", "a/.b", "a b", "a\\b", "a%2e", "\u0660", "a\n"],
)
def test_a_name_that_is_not_plain_matches_no_folder(tmp_path, path):
    settings = with_routes({"path": "*", "folder": tmp_path})
    with pytest.raises(NoSourceError):
        chosen(settings, socket_path=path)


@given(st.text())
def test_no_path_leads_out_of_a_folder(path):
    folder = Path("/srv/ivr")
    settings = with_routes({"path": "*", "folder": folder}, swml="http://h/default")
    found = choose({"socket_path": path}, settings).document
    assert found == Url("http://h/default") or (folder / found.name).is_relative_to(folder)
    assert ".." not in getattr(found, "name", "").split("/")


def test_without_any_document_the_error_says_what_to_do():
    with pytest.raises(NoSourceError, match=r"'100'.*set swml, add a route"):
        chosen(Settings())


def test_variables_may_be_a_function():
    settings = with_routes({"to": "^7$", "swml": SALES})
    assert choose({"destination_number": "7"}.get, settings).document == Url(SALES)


def test_places_of_the_settings():
    assert place("file:///a%20b.yaml") == File(Path("/a b.yaml"))
    assert place("/a.yaml") == File(Path("/a.yaml"))
    assert place("https://h/x") == Url("https://h/x")
    assert place(None) is None


def test_a_documents_own_url():
    assert remote(SALES) == Url(SALES)
    with pytest.raises(NoSourceError):
        remote("/etc/passwd")


def test_a_route_may_lead_to_clients():
    settings = with_routes({"to": "^5", "relay": "office", "fallback": SALES}, swml="/m.yaml")
    assert chosen(settings, destination_number="55") == Source(Topic("office"), Url(SALES))
    assert chosen(settings).document == File(Path("/m.yaml"))


def test_the_dialplan_may_name_a_topic():
    settings = Settings(swml="/m.yaml", fallback="/f")
    assert chosen(settings, swml_relay="a.b-c/1").places == (Topic("a.b-c/1"), File(Path("/f")))


@pytest.mark.parametrize("topic", ["%{envs.key}", "${x}", "a b", "a\n", "{", "x" * 257, "%{"])
def test_a_topic_is_no_expression(topic):
    """Whoever dials it may have chosen it."""
    with pytest.raises(NoSourceError, match="is no topic"):
        chosen(Settings(swml="/m.yaml"), swml_relay=topic)
    with pytest.raises(ValueError):
        Route(to=".", relay=topic)
