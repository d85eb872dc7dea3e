"""Which source wins, and what the values of each mean."""

from pathlib import Path

import pytest

from adapter.config import Address, Settings, SettingsError


def test_defaults(tmp_path):
    settings = Settings.load(None, {}, {})
    assert settings.listen == Address("127.0.0.1", 8084)
    assert settings.public_url == "http://127.0.0.1:8085"
    assert settings.data_dir == tmp_path / "data"
    assert settings.recordings_dir == tmp_path / "data" / "recordings"
    assert settings.recordings_switch_dir == str(tmp_path / "data" / "recordings")
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/data/adapter.db"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(load):
    text = "link_expires: 100001\nsip_profile: file\ngateway: file\n"
    environ = {"SWML_SIP_PROFILE": "env", "SWML_GATEWAY": "env"}
    settings = load(text, environ, gateway="option")
    assert settings.link_expires == 100001
    assert (settings.sip_profile, settings.gateway) == ("env", "option")


def test_groups_are_merged_and_lists_replaced(load):
    text = "callbacks: {first_retry: 3, give_up: 50}\nallow_from: [10.0.0.0/8]"
    environ = {"SWML_CALLBACKS__GIVE_UP": "60", "SWML_ALLOW_FROM": '["192.168.0.0/16"]'}
    settings = load(text, environ, **{"callbacks.factor": 3})
    policy = settings.callbacks
    assert (policy.first_retry, policy.give_up, policy.factor) == (3, 60, 3)
    assert [str(network) for network in settings.allow_from] == ["192.168.0.0/16"]


def test_an_option_that_was_not_given_changes_nothing(load):
    assert load("gateway: carrier", gateway=None).gateway == "carrier"


def test_a_secret_that_looks_like_json_stays_text(load):
    secret = "[0123456789abcdef"
    settings = load("", {"SWML_LINK_SECRET": secret})
    assert settings.link_secret.get_secret_value() == secret


def test_projects_and_routes_in_the_environment(load):
    environ = {
        "SWML_PROJECTS": '[{"id": "a", "signing_key": "PSK_example"}]',
        "SWML_ROUTES": '[{"to": "^1", "swml": "http://h/x", "project": "a"}]',
    }
    settings = load("", environ)
    assert settings.default_project.signing_key.get_secret_value() == "PSK_example"
    assert settings.project("a") is settings.default_project
    assert settings.project("b") is None
    assert settings.routes[0].project == "a"


def test_other_variables_are_not_settings(load):
    load("", {"SWML_CONFIG": "x", "SWML_TEST_FREESWITCH": "y", "PATH": "z"})


def test_relative_paths_belong_to_their_source(tmp_path, monkeypatch):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "main.yaml").write_text("x")
    (tmp_path / "other.yaml").write_text("x")
    (folder / "ivr").mkdir()
    path = folder / "settings.yaml"
    path.write_text("swml: main.yaml\ndata_dir: d\nroutes: [{path: 'a*', folder: ivr}]")
    settings = Settings.load(path, {"fallback": "other.yaml"}, {"SWML_RECORDINGS_DIR": "rec"})
    assert settings.swml == str(folder / "main.yaml")
    assert settings.data_dir == folder / "d"
    assert settings.routes[0].folder == folder / "ivr"
    assert settings.fallback == str(tmp_path / "other.yaml")
    assert settings.recordings_dir == tmp_path / "rec"


def test_a_file_url_names_a_file(load, tmp_path):
    (tmp_path / "a b.yaml").write_text("x")
    load(f"swml: file://{tmp_path}/a%20b.yaml")


def test_loading_creates_nothing(load, tmp_path):
    load("data_dir: some/folder")
    assert not (tmp_path / "some").exists()


def test_create_folders(load, tmp_path):
    settings = load("data_dir: some/folder")
    settings.create_folders()
    assert (tmp_path / "some" / "folder" / "recordings").is_dir()


def test_create_folders_says_what_cannot_be_written(load, tmp_path):
    settings = load("data_dir: some/folder")
    (tmp_path / "some").write_text("a file in the way")
    with pytest.raises(SettingsError, match=r"(?s)data_dir: .*\nrecordings_dir: "):
        settings.create_folders()


def test_the_database_may_be_elsewhere(load):
    url = "postgresql://me:word@host/calls"
    settings = load("data_dir: d", {"SWML_DATABASE_URL": url})
    assert settings.database_url.get_secret_value() == url


def test_no_secret_is_shown(load):
    settings = load(
        "database_url: postgresql://me:0123456789@host/calls\n"
        "link_secret: 0123456789abcdef\nnodes: [{password: 0123456789x}]\n"
        "projects: [{id: a, token: 0123456789y, signing_key: 0123456789z}]"
    )
    assert "0123456789" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_settings_cannot_be_changed(load):
    settings = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.gateway = "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:1", Address("a", 1)),
        ("[::1]:0", Address("::1", 0)),
        ("0.0.0.0:9", Address("0.0.0.0", 9)),
    ],
)
def test_addresses(text, expected):
    assert Address.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text", ["", "a", ":1", "a:", "a:x", "::1:5", "a:65536", "a:-1", "a:\u0661"]
)
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="host:port"):
        Address.parse(text)


def test_bound_ports_change_a_derived_public_url(load):
    listen, http = Address("127.0.0.1", 1111), Address("127.0.0.1", 2222)
    derived = load("listen: 127.0.0.1:0\nhttp: 127.0.0.1:0").bound(listen=listen, http=http)
    assert (derived.listen, derived.public_url) == (listen, "http://127.0.0.1:2222")
    given = load("public_url: https://example.com/").bound(listen=listen, http=http)
    assert given.public_url == "https://example.com"


def test_a_settings_file_may_be_empty(load):
    assert load("") == Settings.load(None, {}, {})


def test_home_is_expanded(load, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("data_dir: ~/d").data_dir == Path(tmp_path) / "d"
