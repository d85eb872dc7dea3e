"""Keys collected from outside: the script does not get them."""

from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually
from worlds.world import World


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
