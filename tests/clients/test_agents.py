"""`signalwire-agents`, the SDK of before: dials, records in its shape of the parameters, ends."""

import json

from bench import Sw
from worlds.sounds import tone
from worlds.steps import STAY
from worlds.waiting import eventually
from worlds.world import World, document


def test_a_call_is_made_recorded_and_ended(world: World, sw: Sw) -> None:
    inbox, told, bob = world.inbox(), world.inbox(), world.somebody(says=tone(440))
    dial = {
        "from": "+15550001",
        "to": bob.uri,
        "swml": document([STAY]),
        "status_url": told.url,
        "status_events": ["answered"],
    }
    client = sw.script("agents_client.py", dial=dial, status_url=inbox.url)
    assert client.stdin
    assert client.stdout
    try:
        leg = json.loads(client.stdout.readline())["leg"]
        assert (leg["to"], leg["direction"]) == (bob.uri, "outbound-api")
        phone = bob.wait_call()
        eventually(lambda: told.events, what="the answer")
        client.stdin.write("answered\n")
        client.stdin.flush()
        said = json.loads(client.stdout.readline())
    finally:
        client.terminate()
        client.wait(10)
    steps = ("record", "pause", "resume", "stop")
    assert [said[name] for name in steps] == ["answered"] * 4, said
    assert said["end"] == "ended"
    assert "cannot_update_completed" in said["again"]
    phone.wait_ended()
    finished = inbox.wait_for("finished")
    assert inbox.states() == ["recording", "paused", "recording", "finished"]
    assert finished["record"]["audio"] == {"format": "wav", "direction": "both", "stereo": True}
    assert finished["size"] > 44
