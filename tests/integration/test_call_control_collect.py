"""Keys collected from outside: the script does not get them."""

from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.sounds import silence, speech
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually
from worlds.world import World, documents_by_number


def results(inbox: Inbox) -> list[dict[str, object]]:
    return [event["params"]["result"] for event in inbox.events]


def test_what_the_party_presses_is_collected(world: World) -> None:
    started, inbox = world.inbox(), world.inbox()
    phone = world.call([*SETTLED, record(started), STAY])
    call_id = started.wait_for("recording")["call_id"]
    rest = Rest(world.adapter.url)
    digits = {"max": 4, "terminators": "#", "digit_timeout": 5}
    rest.do("calling.collect", call_id, control_id="c", digits=digits, status_url=inbox.url)
    phone.press("12#")
    eventually(lambda: results(inbox), what="the result")
    assert results(inbox) == [{"type": "digit", "params": {"digits": "12", "terminator": "#"}}]
    rest.do(
        "calling.collect",
        call_id,
        control_id="d",
        digits=digits,
        initial_timeout=0.2,
        status_url=inbox.url,
    )
    rest.do("calling.collect.start_input_timers", call_id, control_id="d")
    eventually(lambda: len(results(inbox)) == 2, what="the second result")
    assert results(inbox)[1] == {"type": "no_input"}
    rest.do("calling.send_digits", call_id, digits="5")
    assert not phone.ended


def test_what_the_party_says_is_collected(world: World) -> None:
    """Words are understood; a key before them counts instead; who says nothing is told of, too."""
    recogniser = {"recogniser": {"engine": "worlds.recogniser:by_length"}}
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver), **recogniser})
    started, inbox = world.inbox(), world.inbox()
    phone = world.call([*SETTLED, record(started), STAY], adapter=adapter, says=silence())
    call_id = started.wait_for("recording")["call_id"]
    rest = Rest(adapter.url)
    both = {
        "speech": {"end_silence_timeout": 0.6, "language": "en-US", "hints": ["sales"]},
        "digits": {"max": 2, "digit_timeout": 5},
        "send_start_of_input": True,
        "status_url": inbox.url,
    }
    rest.do("calling.collect", call_id, control_id="a", **both)
    phone.say(speech(0.8))
    eventually(lambda: len(results(inbox)) == 2, what="the words")
    words = {"type": "speech", "params": {"text": "1 words", "confidence": 0.75}}
    assert results(inbox) == [{"type": "start_of_input"}, words]
    rest.do("calling.collect", call_id, control_id="b", **both)
    phone.press("12")
    eventually(lambda: len(results(inbox)) == 4, what="the keys")
    assert results(inbox)[3] == {"type": "digit", "params": {"digits": "12", "terminator": ""}}
    only = {"speech": {}, "initial_timeout": 0.3, "status_url": inbox.url}
    rest.do("calling.collect", call_id, control_id="c", start_input_timers=True, **only)
    eventually(lambda: len(results(inbox)) == 5, what="that nobody said anything")
    assert results(inbox)[4] == {"type": "no_input"}
    rest.do("calling.collect", call_id, control_id="d", **only)
    rest.do("calling.collect.stop", call_id, control_id="d")
    eventually(lambda: len(results(inbox)) == 6, what="its end")
    assert results(inbox)[5] == {"type": "finished"}
    eventually(lambda: not list((adapter.recordings / "sounds").glob("heard-*")))
    phone.hang_up()
