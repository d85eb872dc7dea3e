"""stream, and tap to a WebSocket, where the switch has a module for it.

The simulated switch has both; a real one has mod_audio_stream if $MOD_AUDIO_STREAM names its file.
"""

import json
import os
from collections.abc import Iterator

import pytest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, sleep
from worlds.waiting import eventually
from worlds.web_socket import WebSocketListener
from worlds.world import World, documents_by_number

SAID, PLAYED = 440, 1900
FIRST = {"a": 'it\'s "quoted" \\ and\nbroken', "ü": 1}
LAST = {"name": "both"}


@pytest.fixture(params=["mod_audio_stream", "mod_audio_fork"])
def module(world: World, request: pytest.FixtureRequest) -> Iterator[str]:
    name = str(request.param)
    path = os.environ.get(name.upper()) if world.switch.real else name
    if not path:
        pytest.skip(f"no {name} on this machine: name its file in {name.upper()}")
    slots = set(world.switch.sockets)
    for slot in slots:
        world.switch.api(f"load {path}", slot)
    yield name
    for slot in slots:
        world.switch.api(f"unload {name}", slot)


@pytest.fixture
def listener() -> Iterator[WebSocketListener]:
    made = WebSocketListener()
    yield made
    made.close()


def test_sound_goes_to_a_websocket(world: World, listener: WebSocketListener, module: str) -> None:
    """Connected and told; stopped; ended by its server; refused; and with the call."""
    inbox, report = world.inbox(), world.report()
    stream = {"url": listener.url, "status_url": inbox.url, "custom_parameters": FIRST}
    token = {"authorization_bearer_token": "t0k"} if module == "mod_audio_stream" else {}
    both = {**stream, "track": "both_tracks", "custom_parameters": LAST}
    tap = {"uri": listener.url, "direction": "both", "status_url": inbox.url}
    phone = world.call(
        [
            *SETTLED,
            {"stream": {**stream, "track": "outbound_track", "control_id": "listen"}},
            report.step("listen"),
            {"stream": {**stream, **token, "control_id": "first", "name": "n"}},
            report.step("first"),
            {"stream": {**stream, "control_id": "second"}},
            report.step("second"),
            sleep(1.5),
            {"stop_stream": {}},
            report.step("stopped"),
            {"tap": {**tap, "control_id": "dropped"}},
            report.step("tapped"),
            sleep(5),
            {"stream": {**stream, "url": "ws://127.0.0.1:9/", "control_id": "refused"}},
            report.step("refused"),
            {"stream": {**both, "control_id": "last"}},
            report.step("last"),
            play(world.sound(tone(PLAYED, seconds=1))),
            STAY,
        ],
        says=tone(SAID),
    )
    assert "stream_control_id" not in report.wait("listen"), "nothing has begun"
    assert report.wait("first")["stream_result"] == "success"
    second = report.wait("second")
    assert second["stream_result"] == "failed", "one at a time"
    assert second["stream_control_id"] == "first", "which is what runs"
    assert report.wait("stopped")["stop_stream_result"] == "success"
    assert report.wait("tapped")["tap_result"] == "success"
    listener.close_last()
    inbox.wait_for("finished", control_id="dropped")
    assert report.wait("refused", within=30)["stream_result"] == "failed"
    assert report.wait("last", within=30)["stream_result"] == "success"
    eventually(lambda: listener.hear().seconds_with(PLAYED) > 0.5, what="both tracks")
    phone.hang_up()
    inbox.wait_for("finished", control_id="last")
    assert inbox.states("first") == ["streaming", "finished"]
    assert inbox.states("last") == ["streaming", "finished"]
    assert inbox.states("dropped") == ["tapping", "finished"]
    for name in ("refused", "second", "listen"):
        assert inbox.states(name) == []
    begun = next(one for one in inbox.events if one["params"]["state"] == "streaming")
    assert begun["event_type"] == "calling.call.stream"
    assert (begun["params"]["url"], begun["params"]["name"]) == (listener.url, "n")
    assert [json.loads(text) for text in listener.texts] == [FIRST, LAST]
    assert listener.authorizations == ["Bearer t0k" if token else None, None, None]
    assert listener.hear().seconds_of(SAID) > 0.5


def test_a_listener_that_has_heard_enough(
    world: World, listener: WebSocketListener, module: str
) -> None:
    """It says goodbye in the midst of the sound; the place is free for the next one at once."""
    inbox, report = world.inbox(), world.report()
    streams = [
        {"url": url, "status_url": inbox.url, "control_id": f"{module} {number}"}
        for number, url in enumerate([listener.bye_url, listener.bye_url, listener.url])
    ]
    steps = [[{"stream": one}, report.step(str(n)), sleep(3)] for n, one in enumerate(streams)]
    phone = world.call([*SETTLED, *(step for three in steps for step in three)], says=tone(SAID))
    for number, stream in enumerate(streams):
        assert report.wait(str(number), within=20)["stream_result"] == "success"
        inbox.wait_for("finished", control_id=stream["control_id"])
    phone.wait_ended()
    for stream in streams:
        assert inbox.states(stream["control_id"]) == ["streaming", "finished"]


def test_a_stream_outlives_the_adapter(
    world: World, listener: WebSocketListener, module: str
) -> None:
    """Who takes the call up can stop it, and tells of its end."""
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    inbox, report = world.inbox(), world.report()
    stream = {"url": listener.url, "status_url": inbox.url, "control_id": "kept"}
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
    eventually(lambda: listener.closed == 1, what="the end of the WebSocket")
    inbox.wait_for("finished", control_id="kept")
    assert inbox.states("kept") == ["streaming", "finished"]
    phone.wait_ended()
