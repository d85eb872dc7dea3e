"""`signalwire-sdk`'s RelayClient as its users write it: a program, told by its argument what to do.

Prints a JSON object a line: what happened to the call, and what came of each thing it did.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

from signalwire.relay import RelayClient
from signalwire.relay.call import Call
from signalwire.relay.client import RelayError

EVENTS = ("state", "play", "record", "collect", "connect", "send_digits")
AUDIO = {
    "format": "wav",
    "stereo": True,
    "direction": "both",
    "initial_timeout": 0,
    "end_silence_timeout": 0,
    "terminators": "",
}

given = json.loads(sys.argv[1])
client = RelayClient(contexts=given["topics"])


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def told(word: str) -> None:
    """Until the test says so."""
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    assert line.strip() == word, line


async def greet(call: Call) -> None:
    """Answer, and hang up when told."""
    await call.wait_for_ringing(timeout=10)
    await call.answer()
    await call.wait_for_answered(timeout=10)
    say(did="answer")
    await told("hang up")
    await call.hangup()


async def quick(call: Call) -> None:
    """Answer and hang up."""
    await call.answer()
    await call.hangup()


async def insist(call: Call) -> None:
    """Hang up when told, again and again until it is done: connections may break meanwhile."""
    await call.answer()
    say(did="answer")
    await told("hang up")
    while call.state != "ended":
        with contextlib.suppress(RelayError):
            await call.hangup()
        await asyncio.sleep(0.2)


async def ignore(call: Call) -> None:
    """Do nothing with it."""
    say(did="ignore")


async def decline(call: Call) -> None:
    await call.pass_()
    say(did="pass")


async def record(call: Call) -> None:
    """Record with a pause, until stopped."""
    await call.answer()
    action = await call.record(AUDIO)
    say(did="record", control_id=action.control_id)
    await told("pause")
    await action.pause(behavior="silence")
    say(did="pause")
    await told("resume")
    await action.resume()
    say(did="resume")
    await told("stop")
    await action.stop()
    finished = await action.wait(timeout=10)
    say(did="stop", params=finished.params)
    await call.hangup()


async def menu(call: Call) -> None:
    """Play and collect, by every command that there is."""
    await call.answer()
    sound = {"type": "audio", "params": {"url": given["sound"]}}
    playing = await call.play([sound], volume=2)
    await call.wait_for("calling.call.play", lambda event: event.params["state"] == "playing", 10)
    say(did="play")
    await told("pause")
    await playing.pause()
    await playing.resume()
    await playing.volume(-10)
    await playing.stop()
    over = await playing.wait(timeout=10)
    say(did="played", state=over.params["state"])
    digits = {"max": 4, "digit_timeout": 5, "terminators": "#"}
    prompt = await call.play_and_collect([sound], {"digits": digits, "initial_timeout": 10})
    say(did="prompt")
    say(did="prompted", **input_of(await prompt.wait(timeout=20)))
    collect = await call.collect(
        digits={"max": 2, "digit_timeout": 5}, initial_timeout=10, start_input_timers=True
    )
    say(did="collect")
    say(did="collected", **input_of(await collect.wait(timeout=20)))
    await call.send_digits("12#")
    say(did="send_digits")
    await call.hangup()


def input_of(event: Any) -> dict[str, Any]:
    result = event.params["result"]
    return {"type": result["type"], **result.get("params", {})}


async def connect(call: Call) -> None:
    """Have it talk to somebody."""
    await bridged(call)
    await connect_state(call, "disconnected")
    say(did="disconnected")
    await call.hangup()


async def bridged(call: Call) -> str:
    """Connect it; the id of who answers."""
    await call.answer()
    device = {"type": "sip", "params": {"to": given["to"], "from": "sip:us@example.com"}}
    await call.connect([[device]], tag="t1")
    event = await connect_state(call, "connected")
    say(did="connect", peer=event.params["peer"]["call_id"], tag=event.params["tag"])
    return str(event.params["peer"]["call_id"])


async def connect_state(call: Call, state: str) -> Any:
    return await call.wait_for(
        "calling.call.connect", lambda event: event.params["connect_state"] == state, 20
    )


async def part(call: Call) -> None:
    """Have it talk to somebody, take the two apart, and go on with each."""
    peer = await bridged(call)
    await told("part")
    over = asyncio.ensure_future(connect_state(call, "disconnected"))
    await call.disconnect()
    await over
    say(did="part")
    sound = {"type": "audio", "params": {"url": given["sound"]}}
    await client.execute("calling.play", {"call_id": peer, "play": [sound], "control_id": "p"})
    await told("end")
    await client.execute("calling.end", {"call_id": peer, "reason": "hangup"})
    say(did="end")
    await told("hang up")
    await call.hangup()


async def elsewhere(call: Call) -> None:
    """What has no command of its own is done by a document, which gives the call back."""
    await call.answer()
    await call.transfer(dest=given["document"])
    say(did="transfer")
    await told("play")
    sound = {"type": "audio", "params": {"url": given["sound"]}}
    await (await call.play([sound])).wait(timeout=30)
    say(did="played")
    await call.hangup()


async def effects(call: Call) -> None:
    """What the steps of a document do, by commands."""
    await call.answer()
    detect = await call.detect_digit(digits="7", timeout=30)
    say(did="detect")
    found = await detect.wait(timeout=30)
    say(did="detected", event=found.params["detect"]["params"]["event"])
    await detect.stop()
    await call.denoise()
    await call.denoise_stop()
    await call.user_event(event={"name": "O'Brien"})
    await call.user_event(event='it\'s "plain" text')
    say(did="told")
    rtp = {"type": "rtp", "params": {"addr": "127.0.0.1", "port": given["port"]}}
    tap = await call.tap({"type": "audio", "params": {"direction": "speak"}}, rtp)
    say(did="tap")
    await told("stop")
    await tap.stop()
    say(did="tapped", state=(await tap.wait(timeout=30)).params["state"])
    transcript = await call.transcribe(status_url=given["told"])
    say(did="transcribe")
    await told("written")
    await transcript.stop()
    written = await transcript.wait(timeout=60)
    say(did="written", state=written.params["state"], text=written.params.get("text"))
    await told("refer")
    await call.refer({"type": "sip", "params": {"to": given["refer"]}}, status_url=given["told"])
    say(did="refer")
    await told("hang up")
    await call.hangup()  # a phone that follows may have left


async def held(call: Call) -> None:
    """On hold, an echo, payments, a fax that is stopped, and one that is no document."""
    await call.answer()
    await call.hold()
    say(did="hold")
    await told("unhold")
    await call.unhold()
    await call.wait_for("calling.call.hold", lambda event: event.params["state"] == "unhold", 20)
    say(did="unhold")
    echo = asyncio.ensure_future(
        call.wait_for("calling.call.echo", lambda event: event.params["state"] == "finished", 30)
    )
    await call.echo(timeout=given["echo"])
    await echo
    say(did="echo")
    soon = [{"type": "Play", "phrase": "silence:0.1"}]
    asked = ("card-number", "processing", "completed", "canceled")
    order: dict[str, Any] = {
        "charge_amount": "12.50",
        "postal_code": "false",
        "security_code": "false",
        "prompts": [
            {"for": step, "actions": soon}
            for step in (*(f"payment-{one}" for one in asked), "expiration-date")
        ],
    }
    pay = await call.pay(given["connector"], **order, timeout="20")
    say(did="pay")
    paid = await pay.wait(timeout=60)
    say(did="paid", params=paid.params)
    pay = await call.pay(given["connector"], **order)
    await call.wait_for("calling.call.pay", lambda event: event.params.get("for"), 20)
    await pay.stop()
    say(did="unpaid", params=(await pay.wait(timeout=60)).params)
    fax = await call.receive_fax()
    while not fax.is_done:  # it begins when what went before is over
        with contextlib.suppress(RelayError):
            await fax.stop()
        await asyncio.sleep(0.1)
    say(did="receive_fax", params=(await fax.wait()).params)
    fax = await call.send_fax(given["document"])
    say(did="send_fax", params=(await fax.wait(timeout=60)).params)
    await call.hangup()


async def among(call: Call) -> None:
    """In a conference, in a queue that it leaves, and in one in which somebody takes it."""

    def status(kind: str, wanted: str, name: str = "status") -> Any:
        return asyncio.ensure_future(
            call.wait_for(kind, lambda event: event.params.get(name) == wanted, 30)
        )

    await call.answer()
    joined = status("calling.conference", "participant-join")
    await call.join_conference(given["name"])
    conference = (await joined).params["conference_id"]
    say(did="join")
    await told("leave")
    left = status("calling.conference", "participant-leave")
    await call.leave_conference(conference)
    await left
    say(did="leave")
    joined = status("calling.conference", "participant-join")
    await call.join_room(given["name"], status_url=given["told"])
    await joined
    left = status("calling.conference", "participant-leave")
    await call.bind_digit("*3", "calling.leave_room", max_triggers=1)
    say(did="room")
    await left
    say(did="left")
    await call.bind_digit("#", "calling.end", realm="way out")
    await call.clear_digit_bindings(realm="way out")
    for end in ("leave", "dequeue"):
        begun, ended = status("calling.call.queue", "enqueue"), status("calling.call.queue", end)
        back = status("calling.call.queue", "finished", "state")
        await call.queue_enter(given["name"])
        await begun
        say(did="enqueue", end=end)
        await told(end)
        if end == "leave":
            await call.queue_leave(given["name"])
        await ended
        say(did=end, queue=given["name"])
        say(did="back", result=(await back).params["result"])
    await call.hold()
    say(did="hold")
    await told("hang up")
    await call.hangup()


async def meet(call: Call) -> None:
    """Meet others; when they have left, the call is on hold until it is hung up."""
    await call.answer()
    joined = asyncio.ensure_future(
        call.wait_for(
            "calling.conference", lambda event: event.params["status"] == "participant-join", 30
        )
    )
    await call.join_conference(given["name"], end_on_exit=True)
    await joined
    say(did="join", call_id=call.call_id)
    while call.state != "ended":  # adapters die meanwhile
        with contextlib.suppress(RelayError, asyncio.TimeoutError):
            await call.hold()
            await call.wait_for_ended(timeout=60)


SCENARIOS = {
    each.__name__: each
    for each in (
        greet,
        quick,
        insist,
        ignore,
        decline,
        record,
        menu,
        connect,
        part,
        elsewhere,
        effects,
        held,
        among,
        meet,
    )
}


@client.on_call
async def on_call(call: Call) -> None:
    say(did="receive", call_id=call.call_id, device=call.device, state=call.state)
    await serve(call)


async def serve(call: Call) -> None:
    for kind in EVENTS:
        call.on(f"calling.call.{kind}", lambda event: say(event=event.event_type, **event.params))
    try:
        await SCENARIOS[given["scenario"]](call)
        await call.wait_for_ended(timeout=30)
        say(did="all")
    except Exception as error:
        say(failed=f"{type(error).__name__}: {error}")
        raise


async def dial() -> None:
    """Have a call made."""
    ends = {"from": "sip:us@example.com", "timeout": 20}
    devices = [[{"type": "sip", "params": {"to": to, **ends}} for to in given["dial"]]]
    try:
        call = await client.dial(devices, dial_timeout=30)
    except RelayError as error:
        say(did="dial", state="failed", message=error.message)
        return
    await call.wait_for_answered(timeout=10)
    say(did="dial", call_id=call.call_id, state=call.state)
    await serve(call)


async def login() -> None:
    while not client.relay_protocol:
        await asyncio.sleep(0.05)
    say(did="login", protocol=client.relay_protocol)
    if "dial" in given:
        await dial()


async def main() -> None:
    watching = asyncio.ensure_future(login())
    try:
        await client._run_forever()  # what client.run() runs
    except Exception as error:
        say(failed=f"{type(error).__name__}: {error}")
    watching.cancel()


asyncio.run(main())
