"""What is refused; every fault names its setting and says what to do."""

import os

import pytest

from adapter.config import Settings, SettingsError


def test_all_faults_come_at_once(faults):
    found = faults(
        "listen: nowhere\n"
        "recordings_dri: /tmp\n"
        "callbacks: {first_retry: 9, give_up: 5, giveup: 1}\n"
        "swml: missing.yaml\n",
        {"SWML_NODES": "[", "SWML_LIMITS__CALLS": "many"},
    )
    assert set(found) >= {
        "listen", "recordings_dri", "callbacks.giveup", "swml", "SWML_NODES", "limits.calls"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "setting", "words"),
    [
        ("recording_dir: /x", "recording_dir", "did you mean recordings_dir?"),
        ("callbacks: {firstretry: 1}", "callbacks.firstretry", "did you mean first_retry?"),
        ("routes: [{pth: a, swml: 'http://h'}]", "routes[0].pth", "did you mean path?"),
        ("zzz: 1", "zzz", "known are listen"),
        ("listen: 8084", "listen", "write it as 127.0.0.1:8084"),
        ("http: '1.2.3.4'", "http", "write it as"),
        ("public_url: example.com", "public_url", "not an http or https URL"),
        ("public_url: 'https://u:p@h'", "public_url", "no query, fragment or credentials"),
        ("swml: ftp://h/x", "swml", "scheme 'ftp'"),
        ("swml: http:///x", "swml", "not an http or https URL"),
        ("swml: file:///missing", "swml", "/missing is not a file"),
        ("fallback: missing", "fallback", "is not a file"),
        ("routes: [{swml: 'http://h'}]", "routes[0]", "exactly one of path and to"),
        ("routes: [{path: a}]", "routes[0]", "exactly one of swml, folder and relay"),
        ("routes: [{path: a, folder: /}]", "routes[0]", "must end in *"),
        ("routes: [{to: a, folder: /}]", "routes[0]", "must end in *"),
        ("routes: [{path: 'a*b', swml: 'http://h'}]", "routes[0]", "not at the end"),
        ("routes: [{path: '*', folder: nowhere}]", "routes[0].folder", "not a folder"),
        ("routes: [{to: '(', swml: 'http://h'}]", "routes[0].to", "not a regular expression"),
        ("projects: []", "projects", "at least 1"),
        ("projects: [{id: a}, {id: a}]", "projects[1].id", "there twice"),
        ("projects: [{id: a, signing_key: short}]", "projects[0].signing_key", "openssl rand"),
        ("projects: [{id: a, token: short}]", "projects[0].token", "openssl rand"),
        ("projects: [{id: 5}]", "projects[0].id", "write it in quotes"),
        ("nodes: [{host: h}]", "nodes[0].password", "add it"),
        ("nodes: [{password: a}, {password: b}]", "nodes[1]", "second time"),
        ("nodes: [{password: a, port: 70000}]", "nodes[0].port", "smaller"),
        ("tls_cert: settings.yaml", "tls_key", "is not set, but tls_cert is"),
        ("tls_cert: missing\ntls_key: settings.yaml", "tls_cert", "is not a file"),
        ("gateway: 'a b'", "gateway", "{number}"),
        ("resources: [{address: a, to: '+1555'}]", "resources[0].address", "/public/sales"),
        ("resources: [{address: /a, to: loopback/1}]", "resources[0].to", "queue:"),
        ("gateway: sofia/gateway/carrier", "gateway", "{number}"),
        ("gateway: 'sofia/x/{number},loopback/1'", "gateway", "{number}"),
        ("gateway: '[a=b]sofia/x/{number}'", "gateway", "{number}"),
        ("switches: [{name: a}]", "switches[0].address", "add it"),
        ("switches: [{name: a, address: b}]", "switches[0].address", "{number}"),
        ("switches: [{name: a, address: 'b c:5060'}]", "switches[0].address", "to call"),
        ("switches: [{name: a, address: 'b;x=y:5060'}]", "switches[0].address", "to call"),
        ("switches: [{name: 'a b', address: 'h:5060'}]", "switches[0].name", "match"),
        (
            "switches: [{name: a, address: 'h:1'}, {name: a, address: 'h:2'}]",
            "switches[1].name",
            "there twice",
        ),
        ("link_secret: short", "link_secret", "shorter than 16"),
        ("database_url: mysql://h/x", "database_url", "neither sqlite:////path"),
        ("database_url: sqlite:///x.db", "database_url", "neither sqlite:////path"),
        ("link_expires: 0", "link_expires", "larger"),
        ("link_expires: .nan", "link_expires", "finite"),
        ("link_expires: .inf", "link_expires", "finite"),
        ("callbacks: {first_retry: 9, give_up: 5}", "callbacks.give_up", "longer"),
        ("callbacks: {first_retry: 9, max_retry: 5}", "callbacks.max_retry", "at least"),
        ("callbacks: {factor: 0.5}", "callbacks.factor", "larger"),
        ("callbacks: 5", "callbacks", "group"),
        ("limits: {calls: 1.5}", "limits.calls", "whole number"),
        ("limits: {calls: 0}", "limits.calls", "larger"),
        ("log: {level: loud}", "log.level", "'debug'"),
        ("speech: {voice: 'kal|x'}", "speech.voice", "letters"),
        ("sip_profile: 'a/b'", "sip_profile", "letters"),
        ("allow_from: [10.0.0.1/8]", "allow_from[0]", "write it as 10.0.0.0/8"),
        ("allow_from: []", "allow_from", "add one"),
        ("deny_to: [all]", "deny_to[0]", "write it as 10.0.0.0/8"),
    ],
)
def test_a_fault_names_the_setting_and_the_way_out(faults, text, setting, words):
    found = faults(text)
    assert words in found[setting]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("listen: 127.0.0.1:9000\nhttp: 127.0.0.1:9000", "http"),
        ("listen: 0.0.0.0:9000\nhttp: 127.0.0.1:9000", "http"),
        ("http: 0.0.0.0:9000", "public_url"),
        ("listen: 10.0.0.5:9000", "allow_from"),
        ("link_secret: 0123456789abcdef\nlink_expires: 86400", "link_expires"),
        (
            "routes: [{path: a, swml: 'http://h'}, {path: a, swml: 'http://g'}]",
            "routes[1].path",
        ),
        ("routes: [{to: a, swml: 'http://h'}, {to: a, swml: 'http://g'}]", "routes[1].to"),
        ("routes: [{path: a, swml: 'http://h', project: b}]", "routes[0].project"),
    ],
)
def test_contradictions(faults, text, setting):
    assert list(faults(text)) == [setting]


@pytest.mark.parametrize(
    "text",
    [
        "listen: 127.0.0.1:9000\nhttp: 127.0.0.2:9000",
        "listen: 127.0.0.1:0\nhttp: 127.0.0.1:0",
        "http: 0.0.0.0:9000\npublic_url: http://h",
        "listen: 10.0.0.5:9000\nallow_from: [10.0.0.0/8]",
        "listen: 0.0.0.0:9000",
        "link_expires: 10",
    ],
)
def test_what_is_no_contradiction(load, text):
    load(text)


@pytest.mark.parametrize(
    "folder",
    ["/a b", "/a{b", "/a,b", "/a$b", "/a'b", '/a"b', "/a\\b", "/a|b", "/a!b", "/a;b", "/a%20b",
     "/a[b]", "/a:b", "/a@@b", "/a\tb", "/a&b", "/a(b)", "/a*b", "/a^b", "/a#b", "/a\nb"],
)  # fmt: skip
def test_a_folder_that_the_switch_would_take_apart(faults, folder):
    assert list(faults(recordings_dir=folder)) == ["recordings_dir"]
    assert list(faults(recordings_switch_dir=folder)) == ["recordings_switch_dir"]


@pytest.mark.parametrize("folder", ["/srv/rec-1_a.b+c=d~e@f", "/srv/\u00e4\u00f6"])
def test_a_folder_that_the_switch_takes_as_it_is(load, folder):
    assert load(recordings_switch_dir=folder).recordings_switch_dir == folder


def test_the_switchs_folder_must_be_absolute(faults):
    assert "begin it with /" in faults("recordings_switch_dir: rec")["recordings_switch_dir"]


def test_our_folder_may_have_a_blank_when_the_switchs_has_none(load):
    load("recordings_dir: /tmp/a b\nrecordings_switch_dir: /rec")


def test_a_folder_below_a_file_cannot_be_created(faults, tmp_path):
    (tmp_path / "file").write_text("")
    found = faults("data_dir: file/data")
    assert list(found) == ["data_dir"]
    assert "is not a folder" in found["data_dir"]


def test_a_folder_without_the_right_to_write(faults, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "no right to write" in faults()["data_dir"]


def test_a_folder_that_can_be_written_and_not_read(faults, load, monkeypatch, tmp_path):
    (tmp_path / "rec").mkdir()
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.R_OK)
    assert "cannot be read" in faults(f"recordings_dir: {tmp_path}/rec")["recordings_dir"]
    load(f"recordings_dir: {tmp_path}/new")  # it will be made, and be ours


def test_what_takes_no_calls_needs_no_folders(monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    Settings.load(None, {}, {}, for_calls=False)


def test_a_contradiction_is_not_judged_by_a_faulty_value(faults):
    found = faults("http: 0.0.0.0:9000\nlisten: x\ndata_dir: 5")
    assert set(found) == {"listen", "data_dir", "public_url"}


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "\x00", "- 1", "just text"])
def test_a_file_that_is_no_mapping(load, text):
    with pytest.raises(SettingsError, match=r"settings\.yaml"):
        load(text)


def test_a_broken_file_does_not_hide_faults_elsewhere(faults):
    assert "log.level" in faults("a: [", {"SWML_LOG__LEVEL": "loud"})


def test_a_broken_line_is_not_repeated(faults):
    assert "secret1234" not in str(faults("link_secret: 'secret1234"))


def test_a_missing_file(tmp_path):
    with pytest.raises(SettingsError, match=r"(?s)none\.yaml.*check its name"):
        Settings.load(tmp_path / "none.yaml", {}, {})


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("gateway: \u00e4".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        Settings.load(path, {}, {})


def test_an_unknown_variable_is_a_fault(faults):
    assert "did you mean listen?" in faults("", {"SWML_LISTN": "127.0.0.1:1"})["listn"]


def test_no_fault_shows_a_secret(faults):
    projects = "projects: [{id: a, token: 'tooshor'}]"
    database = "database_url: x://u:1234567@h"
    found = faults(
        f"{database}\nlink_secret: tooshort1\n{projects}\nnodes: [{{password: 1234567}}]"
    )
    assert len(found) == 4
    assert not [secret for secret in ("tooshor", "1234567") if secret in str(found)]
