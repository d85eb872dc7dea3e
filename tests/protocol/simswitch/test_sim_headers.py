"""Events have the headers of a real switch's events (names captured from FreeSWITCH 1.11.3-dev)."""

import json
from pathlib import Path

import pytest
from sim_peer import Frame, Place

REAL = json.loads((Path(__file__).parent / "real_headers.json").read_text())

# what DIFFERENCES.md says is missing
MISSING = (
    "variable_rtp_audio_in_",
    "variable_rtp_audio_out_",
    "variable_rtp_audio_rtcp_",
    "variable_sip_Remote-Party-ID",
    "variable_sip_cid_type",
)
# what only the calls of these tests have
OURS = {"variable_socket_path"}


def wanted(frame: Frame) -> bool:
    """The event of each name whose headers were captured."""
    match frame.name:
        case "CHANNEL_EXECUTE" | "CHANNEL_EXECUTE_COMPLETE":
            return frame.get("Application-UUID") == "play"
        case "CHANNEL_STATE":
            return frame.get("Channel-State") == "CS_REPORTING"
        case _:
            return frame.name in REAL


@pytest.fixture
def frames(answered: Place, tmp_path: Path) -> dict[str, Frame]:
    """One call with everything in it."""
    peer, _ = answered({"name": "Bob"})
    play = "tone_stream://%(60,0,440)"
    peer.execute("playback", play, uuid="play")
    peer.completed("play")
    peer.api(f"uuid_record UUID start {tmp_path}/a.wav 0 {{id=x}}")
    peer.execute("playback", play, uuid="again")
    peer.completed("again")
    peer.api(f"uuid_record UUID stop {tmp_path}/a.wav")
    peer.api("uuid_recv_dtmf UUID 1")
    peer.event("DTMF")
    peer.execute("log", "INFO x", uuid="log")
    peer.completed("log")
    peer.command("sendmsg\ncall-command: hangup")
    peer.event("CHANNEL_HANGUP_COMPLETE")
    return {frame.name: frame for frame in reversed(peer.events) if wanted(frame)}


def test_every_event_has_the_headers_of_a_real_one(frames: dict[str, Frame]) -> None:
    assert set(frames) == set(REAL) - {"CHANNEL_DATA"}
    for name, frame in frames.items():
        real = [header for header in REAL[name].split() if not header.startswith(MISSING)]
        invented = set(frame.headers) - set(real) - OURS
        if name == "CHANNEL_ANSWER":
            invented -= {"variable_sip_to_tag", "variable_sip_cseq"}
        assert (name, set(real) - set(frame.headers), invented) == (name, set(), set())


def test_the_answer_to_connect_has_them_in_order(place: Place) -> None:
    peer, _ = place({"name": "Bob"})
    peer.uuid = ""
    real = [name for name in REAL["CHANNEL_DATA"].split() if not name.startswith(MISSING)]
    reply = peer.connect()
    ours = [name for name in reply.headers if name not in OURS]
    assert ours == real
