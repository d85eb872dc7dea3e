"""Documents of folders, by name: through the index, by `file:`, and never from elsewhere."""

from pathlib import Path

import pytest

from adapter.documents.errors import FetchError
from adapter.documents.sources import InFolder, Shared

DOCUMENT = b"sections: {main: [hangup]}"
SECRET = b"a secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`open` may be read from; `secret.yaml` is outside of it, and links lead there."""
    (tmp_path / "secret.yaml").write_bytes(SECRET)
    folder = tmp_path / "open"
    (folder / "menus").mkdir(parents=True)
    (folder / "menus" / "main.yaml").write_bytes(DOCUMENT)
    (folder / ".hidden.yaml").write_bytes(SECRET)
    (folder / "link.yaml").symlink_to(folder / "menus" / "main.yaml")
    (folder / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "up").symlink_to(tmp_path)
    (folder / "round.yaml").symlink_to(folder / "round.yaml")
    return folder


@pytest.fixture(params=["route", "file:"])
def ask(request, folder, fetch):
    """Fetch a name of the folder: by a route, or by `file:` where the setting opens it."""
    if request.param == "route":
        return lambda name: fetch(InFolder(folder, name))
    return lambda name: fetch(Shared(f"file:{name}"), folder=folder)


@pytest.mark.parametrize("ending", ["", ".yaml", ".yml", ".json"])
def test_a_name_may_leave_the_ending_out(folder, ask, ending):
    (folder / "menus" / f"other{ending}").write_bytes(DOCUMENT)
    assert ask("menus/other") == DOCUMENT


@pytest.mark.parametrize("name", ["link", "link.yaml", "menus/main"])
def test_links_inside_are_followed(ask, name):
    assert ask(name) == DOCUMENT


@pytest.mark.parametrize(
    "name",
    [
        *("../secret", "../secret.yaml", "menus/../../secret", "menus/../menus/main"),
        *("out", "out.yaml", "up/secret", "up/open/../secret", "round", ".hidden", "menus"),
        *("/etc/passwd", "//etc/passwd", "~/x", "a\\..\\b", "x\0", "x\n", "", ".", "a" * 5000),
    ],
)
def test_nothing_leads_out(ask, name):
    with pytest.raises(FetchError, match="no such document") as caught:
        ask(name)
    assert SECRET.decode() not in str(caught.value)


@pytest.mark.parametrize("name", ["%2e%2e/secret", "..%2fsecret", "%2Fetc%2Fpasswd"])
def test_percent_signs_lead_out_no_more_than_dots(folder, fetch, name):
    with pytest.raises(FetchError, match="no such document"):
        fetch(Shared(f"file:{name}"), folder=folder)


def test_a_whole_path_may_be_named_where_it_is_in_the_folder(folder, fetch):
    place = Shared(f"file://{folder}/menus/main.yaml")
    assert fetch(place, folder=folder) == DOCUMENT
    with pytest.raises(FetchError, match="no such document"):
        fetch(Shared(f"file://{folder.parent}/secret.yaml"), folder=folder)


@pytest.mark.parametrize("url", ["file:x", "file:///etc/passwd"])
def test_without_the_setting_nobody_names_a_file(fetch, url):
    with pytest.raises(FetchError, match=r"set documents\.folder"):
        fetch(Shared(url))


def test_an_index_says_what_names_stand_for(folder, ask, server):
    server.answer("/doc", b"from the web")
    (folder / "index.yaml").write_text(
        f"sales: menus/main.yaml\n+15551234567: menus/main\n10: {server.url('/doc')}\n"
    )
    assert ask("sales") == ask("+15551234567") == ask("menus/main") == DOCUMENT
    assert ask("10") == b"from the web"
    (folder / "index.yaml").write_text("sales: menus/none.yaml\nother: link")
    assert ask("other") == DOCUMENT
    with pytest.raises(FetchError, match=r"index\.yaml"):
        ask("sales")


@pytest.mark.parametrize("target", ["../secret.yaml", "out.yaml", "/etc/passwd", "file:menus/main"])
def test_an_index_leads_out_no_more_than_a_name(folder, ask, target):
    (folder / "index.yaml").write_text(f"sales: {target}")
    with pytest.raises(FetchError, match="no such document"):
        ask("sales")


@pytest.mark.parametrize("text", ["[sales]", "sales: {a: b}", "sales: [", "\xff"])
def test_an_index_that_is_none_is_told(folder, ask, text):
    (folder / "index.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(FetchError, match=r"index\.yaml"):
        ask("sales")


def test_the_index_itself_is_no_document(folder, ask):
    (folder / "index.yaml").write_text("sales: menus/main.yaml")
    for name in ("index", "index.yaml"):
        with pytest.raises(FetchError, match="no such document"):
            ask(name)
