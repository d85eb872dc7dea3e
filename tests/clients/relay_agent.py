"""`signalwire-sdk`'s RelayClient as its users write it: a program, told by its argument what to do.

Prints a JSON object a line: what happened to the call, and what came of each thing it did.
"""

import asyncio
import json
import sys
from typing import Any

from signalwire.relay import RelayClient
from signalwire.relay.call import Call

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
    await call.answer()
    await call.wait_for_answered(timeout=10)
    say(did="answer")
    await told("hang up")
    await call.hangup()


async def take(call: Call) -> None:
    """Answer, and hang up when told, whatever happened to the connection meanwhile."""
    await greet(call)


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


SCENARIOS = {each.__name__: each for each in (greet, take, ignore, decline, record)}


@client.on_call
async def on_call(call: Call) -> None:
    say(did="receive", call_id=call.call_id, device=call.device, state=call.state)
    for kind in EVENTS:
        call.on(f"calling.call.{kind}", lambda event: say(event=event.event_type, **event.params))
    try:
        await SCENARIOS[given["scenario"]](call)
        await call.wait_for_ended(timeout=30)
        say(did="all")
    except Exception as error:
        say(failed=f"{type(error).__name__}: {error}")
        raise


async def login() -> None:
    while not client.relay_protocol:
        await asyncio.sleep(0.05)
    say(did="login", protocol=client.relay_protocol)


async def main() -> None:
    watching = asyncio.ensure_future(login())
    try:
        await client._run_forever()  # what client.run() runs
    except Exception as error:
        say(failed=f"{type(error).__name__}: {error}")
    watching.cancel()


asyncio.run(main())
