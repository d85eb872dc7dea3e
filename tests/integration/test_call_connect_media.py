"""connect with what only some peers have: SRTP, other codecs, a password, WebRTC media."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from worlds.peer_switch import SECRET, USER, PeerSwitch
from worlds.phones import Phone
from worlds.real_switch import find_binary
from worlds.sounds import tone
from worlds.stages import NO_REAL_SWITCH
from worlds.steps import SETTLED
from worlds.waiting import PATIENCE
from worlds.world import Stage, World


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerSwitch]:
    binary = find_binary()
    if binary is None:
        pytest.skip(NO_REAL_SWITCH)
    made = PeerSwitch(tmp_path_factory.mktemp("peer"), binary)
    yield made
    made.stop()


@pytest.fixture
def real_world(real_stage: Stage, tmp_path: Path) -> Iterator[World]:
    made = World(real_stage, tmp_path)
    yield made
    made.leave()


def connected(world: World, to: str, **wishes: Any) -> tuple[Phone, Any]:
    report = world.report()
    step = {"connect": {"to": to, "timeout": 5, **wishes}}
    return world.call([*SETTLED, step, report.step()], says=tone(500)), report


pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("wishes", "codec", "secure"),
    [
        ({"encryption": "mandatory"}, "PCMU", "srtp:sdes"),
        ({"encryption": "optional"}, "PCMU", "srtp:sdes"),
        ({"encryption": "forbidden"}, "PCMU", ""),
        ({}, "PCMU", ""),
        ({"codecs": "PCMA"}, "PCMA", ""),
        ({"codecs": "G722,PCMU", "encryption": "mandatory"}, "G722", "srtp:sdes"),
        ({"webrtc_media": True}, "PCMU", "srtp:dtls"),
    ],
    ids=str,
)
def test_what_is_asked_of_a_leg(
    real_world: World, peer: PeerSwitch, wishes: dict[str, Any], codec: str, secure: str
) -> None:
    phone, report = connected(real_world, peer.open_uri, **wishes)
    phone.wait_heard(900, seconds=0.5)
    call = peer.call()
    assert call["read_codec"] == codec
    assert call["secure"].startswith(secure) if secure else not call["secure"], call["secure"]
    phone.hang_up()
    phone.wait_ended()
    assert not report.hits()


def test_a_password_opens(real_world: World, peer: PeerSwitch) -> None:
    phone, _ = connected(real_world, peer.guarded_uri, username=USER, password=SECRET)
    phone.wait_heard(900, seconds=0.5)
    assert peer.variable("sip_auth_username") == USER
    phone.hang_up()
    phone.wait_ended()
    assert SECRET not in real_world.adapter.log(), "however much is logged"


@pytest.mark.parametrize(
    "wishes", [{}, {"username": USER, "password": "wrong"}], ids=["none", "wrong"]
)
def test_without_the_password_nobody_is_connected(
    real_world: World, peer: PeerSwitch, wishes: dict[str, str]
) -> None:
    phone, report = connected(real_world, peer.guarded_uri, **wishes)
    assert report.wait()["connect_failed_reason"] in ("declined", "error")
    assert phone.hear().seconds_of(900) == 0


def test_a_session_timer_is_asked_for(real_world: World) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        uri = f"sip:anybody@127.0.0.1:{listener.getsockname()[1]}"
        _, report = connected(real_world, uri, session_timeout=120, timeout=1)
        invite = listener.recv(65536).decode()
    assert invite.startswith("INVITE ")
    assert "Session-Expires: 120" in invite
    assert report.wait()["connect_result"] == "failed"
