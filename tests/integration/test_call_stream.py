"""stream, and tap to a WebSocket, where the switch has a module for it.

The simulated switch has both; a real one has what it can load.
"""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from worlds.receiver import Inbox
from worlds.sounds import tone, wav_bytes
from worlds.steps import SETTLED, STAY, play, sleep
from worlds.waiting import eventually
from worlds.web_socket import BYE, WebSocketListener
from worlds.world import World, documents_by_number

SAID, PLAYED = 440, 1900
FIRST = {"a": 'it\'s "quoted" \\ and\nbroken', "ü": 1}
SEVERAL = "mod_audio_fork"
"""Sends one call's sound to several; the other one sends a token."""


@pytest.fixture(params=["mod_audio_stream", "mod_audio_fork"])
def module(world: World, request: pytest.FixtureRequest) -> Iterator[str]:
    name = str(request.param)
    slots = set(world.switch.sockets) if not world.switch.real else {"main"}
    for slot in slots:
        if "-ERR" in world.switch.api(f"load {name}", slot):
            pytest.skip(f"this switch has no {name}")
    yield name
    for slot in slots:
        world.switch.api(f"unload {name}", slot)


@pytest.fixture
def listener() -> Iterator[WebSocketListener]:
    made = WebSocketListener()
    yield made
    made.close()


def told_by_get(inbox: Inbox) -> list[dict[str, str]]:
    """The fields of what came in a query."""
    queries = (urlsplit(hit.path).query for hit in inbox.hits if hit.method == "GET")
    return [{name: values[0] for name, values in parse_qs(query).items()} for query in queries]


def test_sound_goes_to_a_websocket(world: World, listener: WebSocketListener, module: str) -> None:
    """Connected and told; another beside it; stopped; ended by its server; refused; the call's."""
    inbox, gets, report = world.inbox(), world.inbox(), world.report()

    def stream(name: str, /, **more: object) -> dict[str, object]:
        given = {"url": listener.url(name), "control_id": name, "status_url": inbox.url, **more}
        return {"stream": given}

    token = {"authorization_bearer_token": "t0k"} if module != SEVERAL else {}
    wide = {"codec": "l16@16000h@20i", "custom_parameters": FIRST, "name": "n", **token}
    tap = {"uri": listener.url(BYE), "direction": "both", "status_url": inbox.url}
    phone = world.call(
        [
            *SETTLED,
            stream("listen", track="outbound_track"),
            stream("coded", codec="PCMU"),
            report.step("failed"),
            stream("first", **wide),
            report.step("first"),
            stream("second", status_url=gets.url, status_url_method="GET"),
            report.step("second"),
            sleep(1.2),
            {"stop_stream": {"control_id": "first"}},
            report.step("stopped"),
            {"stop_stream": {"control_id": "second"}},
            stream("refused", url="ws://127.0.0.1:9"),
            report.step("refused"),
            {"tap": {**tap, "control_id": "dropped"}},
            report.step("tapped"),
            play(world.sound(tone(PLAYED, seconds=1))),
            stream("last", track="both_tracks"),
            report.step("last"),
            play(world.sound(tone(PLAYED, seconds=1))),
            STAY,
        ],
        says=tone(SAID),
    )
    failed = report.wait("failed", within=30)
    assert (failed["stream_result"], "stream_control_id" in failed) == ("failed", False)
    assert report.wait("first", within=30)["stream_result"] == "success"
    second = report.wait("second", within=30)
    beside = "success" if module == SEVERAL else "failed"
    assert second["stream_result"] == beside
    assert second["stream_control_id"] == ("second" if module == SEVERAL else "first"), "what runs"
    assert report.wait("stopped", within=30)["stop_stream_result"] == "success"
    assert report.wait("refused", within=30)["stream_result"] == "failed"
    assert report.wait("tapped", within=30)["tap_result"] == "success"
    inbox.wait_for("finished", control_id="dropped")
    assert report.wait("last", within=30)["stream_result"] == "success"
    eventually(lambda: listener.hear("last").seconds_with(PLAYED) > 0.5, what="what is played")
    eventually(lambda: listener.hear("last").seconds_with(SAID) > 0.5, what="what is said")
    phone.hang_up()
    inbox.wait_for("finished", control_id="last")
    for name in ("first", "last"):
        assert inbox.states(name) == ["streaming", "finished"], name
    assert inbox.states("dropped") == ["tapping", "finished"]
    assert all(inbox.states(name) == [] for name in ("listen", "coded", "refused"))
    begun = next(one for one in inbox.events if one["params"]["state"] == "streaming")
    assert begun["event_type"] == "calling.call.stream"
    assert (begun["params"]["url"], begun["params"]["name"]) == (listener.url("first"), "n")
    assert [json.loads(text) for text in listener.texts["first"]] == [FIRST]
    assert listener.authorizations["first"] == ("Bearer t0k" if token else None)
    assert listener.authorizations["last"] is None
    assert listener.hear("first", rate=16000).seconds_with(SAID) > 0.8
    if module == SEVERAL:
        eventually(lambda: len(told_by_get(gets)) == 2, what="both states by GET")
        assert [told["state"] for told in told_by_get(gets)] == ["streaming", "finished"]
        assert told_by_get(gets)[0]["event_type"] == "calling.call.stream"
        assert listener.hear("second").seconds_with(SAID) > 0.8


def test_a_stream_outlives_the_adapter(
    world: World, listener: WebSocketListener, module: str
) -> None:
    """Who takes the call up can stop it, and tells of its end."""
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    inbox, report = world.inbox(), world.report()
    stream = {"url": listener.url("kept"), "status_url": inbox.url, "control_id": "kept"}
    steps = [
        *SETTLED,
        {"stream": stream},
        report.step("before"),
        sleep(2),
        {"stop_stream": {}},
        report.step("after"),
    ]
    phone = world.call(steps, says=tone(SAID), adapter=adapter)
    report.wait("before")
    adapter.kill()
    adapter.start()
    assert report.wait("after", within=20)["stop_stream_result"] == "success", module
    listener.wait_closed("kept")
    inbox.wait_for("finished", control_id="kept")
    assert inbox.states("kept") == ["streaming", "finished"]
    phone.wait_ended()


def sound_back(module: str, wav: bytes) -> str:
    """A message by which the far end has a sound played."""
    sound = base64.b64encode(wav).decode()
    if module == SEVERAL:
        data = {"audioContentType": "wav", "audioContent": sound}
        return json.dumps({"type": "playAudio", "data": data})
    return json.dumps({"type": "streamAudio", "data": {"audioDataType": "wav", "audioData": sound}})


def test_connect_talks_to_a_websocket(
    world: World, listener: WebSocketListener, module: str
) -> None:
    """Both ways for as long as it lasts: its server's end, max_duration, and nobody there."""
    inbox, report = world.inbox(), world.report()
    to = {"status_url": inbox.url, "realtime": True, "name": "talk", "custom_parameters": {"a": 1}}
    steps = [
        *SETTLED,
        {"connect": {"to": f"stream:{listener.url('talk')}", **to}},
        report.step("talked"),
        {"connect": {"to": f"stream:{listener.url('limit')}", "max_duration": 1}},
        report.step("limited"),
        {"connect": {"serial": ["stream:ws://127.0.0.1:9/", f"stream:{listener.url(BYE)}"]}},
        report.step("second"),
        {"connect": {"to": "stream:ws://127.0.0.1:9/", "status_url": inbox.url}},
        report.step("nobody"),
        {"connect": {"to": f"stream:{listener.url('left')}", **to}},
    ]
    phone = world.call(steps, says=tone(SAID))
    eventually(lambda: listener.hear("talk").seconds_with(SAID) > 0.3, what="what is said")
    far = {"type": "playAudio", "data": {"audioContentType": "x", "file": "/etc/hostname"}}
    listener.say("talk", json.dumps(far))
    for _ in range(2):
        listener.say("talk", sound_back(module, wav_bytes(tone(PLAYED, seconds=0.5))))
    phone.wait_heard(PLAYED, seconds=0.8)
    listener.end("talk")
    for name in ("talked", "limited", "second"):
        found = report.wait(name, within=30)
        assert (found["connect_result"], found["return_value"]) == ("connected", "connected"), name
    found = report.wait("nobody", within=30)
    assert (found["connect_result"], found["connect_failed_reason"]) == ("failed", "error")
    assert "relay_script_method_execute_failed" in found["script_error"]
    begun = ["streaming", "finished", "streaming"]
    eventually(lambda: told(inbox, "calling.call.stream") == begun, what="the last one")
    phone.hang_up()
    eventually(lambda: told(inbox, "calling.call.stream") == [*begun, "finished"], what="its end")
    assert told(inbox, "calling.call.connect") == ["failed"]
    assert json.loads(listener.texts["talk"][0]) == {"a": 1}


def told(inbox: Inbox, event_type: str) -> list[str]:
    """The states of one kind, in order."""
    params = [one["params"] for one in inbox.events if one["event_type"] == event_type]
    return [str(each.get("state") or each["connect_state"]) for each in params]
