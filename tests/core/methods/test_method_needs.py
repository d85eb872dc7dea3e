"""What steps need, by what is written in them."""

import pytest

from adapter.config import Settings
from adapter.methods.needs import Need, needs

SETTINGS = Settings.load(None, {}, for_calls=False)


def modules(method, params):
    return {name for need in needs(method, params, SETTINGS) for name in need.modules}


@pytest.mark.parametrize(
    ("method", "params", "wanted"),
    [
        ("play", {"url": ["say:x"]}, {"mod_flite"}),
        ("play", {"urls": ["silence:1", "http://h/a.MP3?x=y"]}, {"mod_shout"}),
        ("prompt", {"play": "say:x"}, {"mod_flite"}),
        ("play", {"url": "${sound}"}, set()),
        ("record", {"format": "wav"}, set()),
        ("record_call", {"format": "${format}"}, set()),
        ("tap", {"uri": "rtp://h:1"}, set()),
        ("stream", {"url": "wss://h"}, {"mod_audio_stream", "mod_audio_fork"}),
        ("connect", {"serial": ["stream:wss://h"]}, {"mod_audio_stream", "mod_audio_fork"}),
        ("join_room", {"name": "a"}, {"mod_conference"}),
        ("hangup", {}, set()),
    ],
)
def test_modules(method, params, wanted):
    assert modules(method, params) == wanted


@pytest.mark.parametrize(
    "params",
    [
        {"to": "+15551234567"},
        {"serial": [{"to": "15551234567"}]},
        {"parallel": ["+15551234567"]},
        {"serial_parallel": [[{"to": "sip:a@b"}, {"to": "+1555"}]]},
    ],
)
def test_a_number_needs_a_gateway(params):
    assert Need("calls to numbers", setting="gateway") in needs("connect", params, SETTINGS)


def test_an_address_needs_to_be_known():
    known = Settings.load(
        None, {"resources": [{"address": "/public/a", "to": "queue:a"}]}, for_calls=False
    )
    need = Need("the address /public/b", setting="resources")
    params = {"serial": [{"to": "/public/a"}, {"to": "/public/b"}]}
    assert list(needs("connect", params, known)) == [need]


@pytest.mark.parametrize("params", [{"to": "sip:a@b"}, {"to": "${x}"}, {"serial": 1}, {}])
def test_others_do_not(params):
    assert list(needs("connect", params, SETTINGS)) == []
