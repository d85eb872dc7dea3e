import re
import stat
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.config import Address
from adapter.queues.names import hop_to, new_room
from adapter.rendering import RenderError, render_dialplan, render_freeswitch_conf
from adapter.rendering.render import FRAGMENTS, MODULES, NEEDED, templates

# What an option must never bring into the files: FreeSWITCH would expand, split or run it.
HOSTILE = ["${system(x)}", "$${x}", "a b", "a|b", "a\nb", '"/><x y="', "<x>", "a'b", ""]


@pytest.fixture
def modules(tmp_path):
    folder = tmp_path / "mod"
    folder.mkdir()
    for name in MODULES:
        (folder / f"{name}.so").touch()
    return folder


@pytest.fixture
def render(tmp_path, modules):
    """Render a switch configuration; gives the folder and the result."""

    def render(**options):
        out = tmp_path / "conf"
        result = render_freeswitch_conf(out, **{"modules_dir": modules, **options})
        return out, result

    return render


def parsed(path):
    return ElementTree.parse(path).getroot()


def extensions(path, *, queues=False):
    """Those for calls with documents, or those for calls into a queue's room."""
    every = parsed(path).iter("extension")
    return [one for one in every if one.get("name").startswith("swml-queue-") is queues]


def conditions(path, **which):
    return [one for extension in extensions(path, **which) for one in extension.iter("condition")]


def actions(path, **which):
    return [
        (a.get("application"), a.get("data"))
        for extension in extensions(path, **which)
        for a in extension.iter("action")
    ]


def parameters(path):
    return {p.get("name"): p.get("value") for p in parsed(path).iter("param")}


def test_every_file_is_xml(render):
    _, result = render()
    for path in result["files"]:
        parsed(path)


def test_every_template_is_rendered(render):
    out, result = render()
    root = templates() / "freeswitch-conf"
    expected = {out / path.relative_to(root).with_suffix("") for path in root.rglob("*.j2")}
    assert set(result["files"]) == expected


def test_no_template_is_a_forgotten_fragment():
    for name in FRAGMENTS:
        including = [p for p in templates().glob("*/**/*.j2") if name in p.read_text()]
        assert including


def test_only_loopback_by_default(render):
    out, _ = render()
    assert (
        parameters(out / "autoload_configs" / "event_socket.conf.xml")["listen-ip"] == "127.0.0.1"
    )
    assert parameters(out / "sip_profiles" / "internal.xml")["sip-ip"] == "127.0.0.1"
    networks = [
        n.get("cidr") for n in parsed(out / "autoload_configs" / "acl.conf.xml").iter("node")
    ]
    assert set(networks) == {"127.0.0.0/8", "::1/128"}


def test_each_rendering_has_its_own_password_in_a_private_file(render):
    out, first = render()
    _, second = render(force=True)
    assert first["event_socket_password"] != second["event_socket_password"]
    path = out / "autoload_configs" / "event_socket.conf.xml"
    assert parameters(path)["password"] == second["event_socket_password"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_ports_and_folders(render):
    out, _ = render(
        sip_port=5080,
        rtp_start_port=20000,
        rtp_end_port=20100,
        event_socket_port=8022,
        recordings_dir="/rec",
        sip_profile="outside",
        switch_name="n1",
    )
    core = parameters(out / "autoload_configs" / "switch.conf.xml")
    assert (core["rtp-start-port"], core["rtp-end-port"]) == ("20000", "20100")
    assert core["switchname"] == "n1"
    assert parameters(out / "sip_profiles" / "internal.xml")["sip-port"] == "5080"
    assert parsed(out / "sip_profiles" / "internal.xml").get("name") == "outside"
    assert 'data="recordings_dir=/rec"' in (out / "vars.xml").read_text()


def test_only_modules_that_are_there_are_loaded(render, modules):
    (modules / "mod_shout.so").unlink()
    out, result = render()
    assert "mod_shout" not in result["modules"]
    loaded = [
        m.get("module") for m in parsed(out / "autoload_configs" / "modules.conf.xml").iter("load")
    ]
    assert loaded == result["modules"]
    assert "mod_sofia" in loaded


def test_local_stream_needs_music(render):
    assert "mod_local_stream" not in render()[1]["modules"]
    assert "mod_local_stream" in render(music_dir="/music", force=True)[1]["modules"]


@pytest.mark.parametrize("name", NEEDED)
def test_a_switch_that_cannot_work_is_refused(render, modules, name):
    (modules / f"{name}.so").unlink()
    with pytest.raises(RenderError, match=f"lacks {name}; install"):
        render()


def test_the_dialplan_offers_a_call_to_the_adapters_in_both_orders(tmp_path):
    render_dialplan(tmp_path, adapters=["a:1", "[::1]:2"], path="/sales/", pause_ms=250)
    assert actions(tmp_path / "swml.xml") == [
        ("hangup", "NORMAL_TEMPORARY_FAILURE"),
        ("set", "socket_resume=true"),
        ("socket", "a:1/sales|::1:2/sales async full"),
        ("set", "socket_resume=true"),
        ("socket", "::1:2/sales|a:1/sales async full"),
        ("set", "swml_rounds=${swml_rounds}x"),
        ("sleep", "250"),
        ("transfer", "$1 XML public"),
    ]


def test_the_last_resort(tmp_path):
    render_dialplan(
        tmp_path, rounds=3, last_resort_file="/srv/sorry.wav", last_resort_cause="USER_BUSY"
    )
    path = tmp_path / "swml.xml"
    assert actions(path)[:3] == [
        ("answer", None), ("playback", "/srv/sorry.wav"), ("hangup", "USER_BUSY")
    ]  # fmt: skip
    rounds = next(c for c in conditions(path) if c.get("field") == "${swml_rounds}")
    pattern = rounds.get("expression")
    assert [bool(re.search(pattern, "x" * n)) for n in (0, 2, 3, 4)] == [False, False, True, True]


def test_only_a_rooms_name_leads_into_a_queues_room(render):
    """Whatever else is dialled is looked up nowhere, and no room is made by it."""
    out, _ = render()
    path, room = out / "dialplan" / "public.xml", new_room()
    looked, asked, *rest = conditions(path, queues=True)
    assert asked.get("field") == "${conference(~${destination_number} get count)}"
    for one in (looked, *(c for c in rest if c.get("field") == "destination_number")):
        assert re.search(one.get("expression"), hop_to(room))
        for number in (room, f"{hop_to(room)}x", "queue-", "queue-${x}", hop_to(room).upper()):
            assert not re.search(one.get("expression"), number)
    joins = dict(actions(path, queues=True))["conference"]
    assert joins.startswith("~${destination_number}+flags{join-only|endconf|")
    first = next(iter(parsed(path).iter("extension")))
    assert first.get("name") == "swml-queue-room", "before what matches every number"


def test_only_numbers_of_harmless_characters_become_arguments(tmp_path):
    render_dialplan(tmp_path, match=".*")
    condition = conditions(tmp_path / "swml.xml")[-1]
    pattern = condition.get("expression")
    assert condition.get("field") == "destination_number"
    for number in ["+15551234", "alice.smith", "*98#", "100-2"]:
        assert re.search(pattern, number).group(1) == number
    for number in ["1${x}", "1 XML default", "", "1,2", "1;x", "1|2", "1%24", "a'b", "x" * 65]:
        assert not re.search(pattern, number)


def test_a_pattern_is_escaped_for_xml(tmp_path):
    pattern = r'^(?<n>"\d")&$'
    render_dialplan(tmp_path, match=pattern)
    assert conditions(tmp_path / "swml.xml")[0].get("expression") == pattern


def test_the_systemd_unit(tmp_path):
    render_dialplan(tmp_path, executable="/opt/bin/swml-adapter", recordings_dir="/rec", user="u")
    lines = (tmp_path / "swml-adapter.service").read_text().splitlines()
    assert "ExecStart=/opt/bin/swml-adapter serve --config /etc/swml-adapter/settings.yaml" in lines
    assert {"User=u", "ReadWritePaths=-/rec", "NoNewPrivileges=yes"} <= set(lines)
    assert {"ProtectSystem=strict", "StateDirectory=swml-adapter"} <= set(lines)


def test_all_wrong_options_come_at_once(render):
    with pytest.raises(RenderError) as caught:
        render(sip_port=0, adapters=["nowhere"], rounds=0, sip_prot=1)
    lines = str(caught.value).splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "sip_port", "adapters", "rounds", "sip_prot"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rtp_start_port": 2000, "rtp_end_port": 2000}, "rtp_end_port must be above"),
        ({"sip_port": 8021}, "another port"),
        ({"adapters": ["a:0"]}, "not a host and a port"),
        ({"event_socket_password": "short"}, "event_socket_password"),
        ({"calls_from": ["10.0.0.1/8"]}, "host bits"),
    ],
)
def test_options_that_disagree(render, options, words):
    with pytest.raises(RenderError, match=words):
        render(**options)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "option",
    ["context", "match", "last_resort_file", "last_resort_cause", "recordings_dir", "sip_profile",
     "sip_ip", "external_ip", "codecs", "event_socket_ip", "event_socket_password", "switch_name",
     "music_dir", "hold_music", "executable", "settings_file", "user", "group"],
)  # fmt: skip
def test_no_option_brings_in_what_the_switch_would_expand(render, option, value):
    if option == "match" and "$" not in value and not re.search(r"\s", value) and value:
        return  # a regular expression may hold all else; it is escaped
    with pytest.raises(RenderError, match=option):
        render(**{option: value})


@pytest.mark.parametrize("value", [v for v in HOSTILE if v] + ["a/b", "a,b"])
def test_no_adapter_brings_it_in(render, value):
    with pytest.raises(RenderError, match="adapters"):
        render(adapters=[Address(value, 1)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(path=st.text(max_size=20))
def test_any_path_stays_within_the_sockets_first_argument(tmp_path, path):
    try:
        render_dialplan(tmp_path, path=path, force=True)
    except RenderError:
        return
    first = actions(tmp_path / "swml.xml")[2][1].split(" ")
    assert first[1:] == ["async", "full"]
    assert not set("|$,{}'\"") & set(first[0])


def test_existing_files_are_kept(render):
    out, _ = render()
    before = (out / "vars.xml").read_text()
    with pytest.raises(RenderError, match=r"(?s)vars\.xml: exists already.*--force"):
        render(recordings_dir="/other")
    assert (out / "vars.xml").read_text() == before
    render(recordings_dir="/other", force=True)
    assert (out / "vars.xml").read_text() != before
