"""What is sent to the switch for taps."""

import pytest

from adapter.freeswitch import taps
from adapter.freeswitch.errors import UnsafeValue
from adapter.tapping.taps import Tap

ENDPOINT = "sofia/internal/sip:name@127.0.0.1:5070"


@pytest.mark.parametrize(
    ("direction", "variable"),
    [("speak", ";eavesdrop_bridge_aleg=true"), ("listen", ";eavesdrop_bridge_bleg=true")],
)
def test_a_leg_that_eavesdrops(direction, variable):
    command = taps.start(
        "leg", "call", endpoint=ENDPOINT, direction=direction, codec="PCMA", ptime=40
    ).decode()
    assert command.startswith("api originate [^^;origination_uuid=leg;")
    assert "absolute_codec_string=PCMA@8000h@40i;" in command
    assert variable in command
    assert command.endswith(f"]{ENDPOINT} &eavesdrop(call)\n\n")


def test_both_is_what_the_switch_does_by_itself():
    command = taps.start("l", "c", endpoint=ENDPOINT, direction="both", codec="PCMU", ptime=20)
    assert b"eavesdrop_bridge" not in command


def test_a_websocket():
    first = {"a b": 'it\'s \\ "x" ${system(x)}'}
    command = taps.fork_start(
        "mod_audio_stream", "call", "wss://h/p?a=1", "both", bug="b", rate=16000, first=first
    ).decode()
    head, _, metadata = command.strip().rpartition(" ")
    assert head == "api uuid_audio_stream call start wss://h/p?a=1 mixed 16000"
    assert not set(metadata) & set(" '")


@pytest.mark.parametrize("url", ["http://h/", "wss://h/ start", "ws://h/\r\n", "ws://${x}/"])
def test_what_is_no_websocket(url):
    with pytest.raises(UnsafeValue):
        taps.fork_start("mod_audio_fork", "call", url, "speak", bug="b", rate=8000, first={})


def test_a_tap_is_known_again():
    tap = Tap("it's; ${x}", "leg-1", "speak", "127.0.0.1", 5004, "PCMU", 20, "http://h/", 3)
    assert Tap.from_token(tap.token) == tap
    assert tap.variable == "swml_tap_leg_1"
    assert not set(tap.token) & set(" ;'\\${}")


@pytest.mark.parametrize("token", ["", "x", "e30", "é", "bnVsbA"])
def test_what_is_no_tap(token):
    with pytest.raises(ValueError):
        Tap.from_token(token)
