"""A process of SIP phones: takes orders as JSON lines, so that its audio keeps time on its own.

Every 10 ms each call's transmit buffer is filled up with what the phone says, and what came in is
taken out with the time of its arrival.
"""

import asyncio
import base64
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from baresip import BaresipError, Config, StackEvent
from baresip._native import lib  # type: ignore[import-not-found]
from baresip.call import Call
from baresip.errors import split_status
from baresip.events import Event
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from worlds.sounds import RATE, Sound

TURN = 0.01
AHEAD_BYTES = 3200
"""200 ms of audio wait to be sent: enough to ride out a busy machine."""

NICENESS = -15
"""A phone's audio goes before everything that the tests do besides."""

READ_BYTES = 65536

PAUSE_MS = 60
"""Between two keys: as short as a quick hand's."""


EXPOSED_HEADERS = ("X-Account", "X-Free", "Session-Expires")
"""Headers of incoming calls that tests look at."""


class Line:
    """One call of one phone."""

    def __init__(self, call: Call, says: list[Sound]) -> None:
        self.call = call
        self.caller = ""
        self.headers: dict[str, str] = {}
        self.answered = False
        self.ended = False
        self.sip_status: int | None = None
        self.heard = bytearray()
        self._says = says
        self._said = 0
        self._finger = asyncio.Lock()
        call.on(self._on_event)

    def say(self, sounds: list[Sound]) -> None:
        self._says, self._said = sounds, 0
        with contextlib.suppress(BaresipError):
            self.call.audio.flush_tx()

    async def press(self, digits: str) -> None:
        """One key after the other, also of several orders."""
        async with self._finger:
            await self.call.send_dtmf(digits, interdigit_ms=PAUSE_MS)

    async def run(self) -> None:
        while not self.ended:
            with contextlib.suppress(BaresipError):
                self._turn()
            await asyncio.sleep(TURN)

    def _turn(self) -> None:
        audio = self.call.audio
        info = audio.info()
        missing = (AHEAD_BYTES - info.tx_buffered) // 2
        if info.tx_ready and missing > 0 and self._says:
            audio.write(self._next_samples(missing))
        self.heard += audio.read(READ_BYTES)

    def _next_samples(self, count: int) -> bytes:
        said = bytearray()
        while count > 0 and self._says:
            sound = self._says[0]
            length = None if sound.seconds is None else round(sound.seconds * RATE)
            part = count if length is None else min(count, length - self._said)
            said += sound.samples(self._said, part).tobytes()
            self._said += part
            count -= part
            if self._said == length:
                self._says, self._said = self._says[1:], 0
        return bytes(said)

    def _on_event(self, event: StackEvent) -> None:
        if event.event is Event.CALL_ESTABLISHED:
            self.answered = True
        if event.event is Event.CALL_CLOSED:
            self.ended = True
            if not self.answered:
                self.sip_status, _ = split_status(event.text or "")


class Agent:
    """All phones of a test session."""

    def __init__(self) -> None:
        self._runtime = Runtime()
        self._agents: dict[bytes, UserAgent] = {}
        self._lines: list[Line] = []
        self._taken: dict[str, list[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, rtp_ports: str, sip_port: str) -> None:
        await self._runtime.start(
            Config(
                net_interface="127.0.0.1",
                max_concurrent_calls=None,
                expose_headers=EXPOSED_HEADERS,
                extra_config_text=f"sip_listen 127.0.0.1:{sip_port}\nrtp_ports {rtp_ports}\n",
            )
        )

    async def close(self) -> None:
        await self._runtime.close()

    async def do(self, order: dict[str, Any]) -> Any:
        return await getattr(self, f"_do_{order.pop('do')}")(**order)

    async def _do_call(
        self,
        uri: str,
        name: str,
        caller: str,
        headers: dict[str, str],
        says: list[dict[str, Any]],
        refer: str,
    ) -> int:
        agent = await self._agent(base64.b64decode(name), caller)
        call = await agent.dial(uri, headers=headers)
        call.on_transfer_request(lambda _: self._spawn(self._be_referred(call, refer)))
        return self._add(Line(call, _sounds(says)))

    @staticmethod
    async def _be_referred(call: Call, how: str) -> None:
        word, _, status = how.partition(" ")
        with contextlib.suppress(BaresipError):
            await (
                call.reject_transfer(int(status)) if word == "notify" else call.accept_transfer()
            )

    def _add(self, line: Line) -> int:
        self._lines.append(line)
        self._spawn(line.run())
        return len(self._lines) - 1

    async def _do_expect(
        self, user: str, rings: float, answers: bool, refuses: bool, says: list[dict[str, Any]]
    ) -> None:
        """From now on `user` can be called: it rings, and answers, refuses, or does neither."""
        agent = await self._agent(b"", user)
        taken = self._taken.setdefault(user, [])

        def take(call: Call) -> None:
            line = Line(call, _sounds(says))
            line.caller, line.headers = call.peer or "", dict(call.headers or {})
            taken.append(self._add(line))
            if answers or refuses:
                self._spawn(self._end_ringing(call, rings, refuses))

        agent.on_incoming(take)

    @staticmethod
    async def _end_ringing(call: Call, rings: float, refuses: bool) -> None:
        await asyncio.sleep(rings)
        with contextlib.suppress(BaresipError):
            await (call.reject() if refuses else call.answer())

    async def _do_taken(self, user: str) -> list[int]:
        return self._taken[user]

    async def _do_say(self, line: int, says: list[dict[str, Any]]) -> None:
        self._lines[line].say(_sounds(says))

    async def _do_press(self, line: int, digits: str) -> None:
        self._spawn(self._lines[line].press(digits))

    async def _do_hang_up(self, line: int) -> None:
        with contextlib.suppress(BaresipError):
            await self._lines[line].call.hangup()

    async def _do_state(self, line: int) -> dict[str, Any]:
        found = self._lines[line]
        return {
            "answered": found.answered,
            "ended": found.ended,
            "sip_status": found.sip_status,
            "caller": found.caller,
            "headers": found.headers,
        }

    async def _do_hear(self, line: int) -> str:
        return base64.b64encode(self._lines[line].heard).decode()

    async def _agent(self, name: bytes, caller: str) -> UserAgent:
        """The user agent of this caller: its name may be bytes that are no UTF-8."""
        display = b'"' + name + b'" ' if name else b""
        account = (
            display
            + f"<sip:{caller}@127.0.0.1;transport=udp>;regint=0;answermode=manual;"
            "audio_codecs=pcmu;dtmfmode=rtpevent".encode()
        )
        if account not in self._agents:
            _, payload = await self._runtime.cmd(lib.BP_CMD_UA_ALLOC, args=account)
            data = json.loads(payload)
            if "error" in data:
                raise BaresipError(f"no such account: {account!r}: {data}")
            self._agents[account] = UserAgent(self._runtime, data["handle"])
        return self._agents[account]

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _sounds(data: list[dict[str, Any]]) -> list[Sound]:
    return [Sound.from_data(sound) for sound in data]


async def serve(rtp_ports: str, sip_port: str) -> None:
    """Answer orders until the input ends."""
    with contextlib.suppress(OSError):  # not everybody may
        os.nice(NICENESS)
    agent = Agent()
    await agent.start(rtp_ports, sip_port)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _tell({"ready": time.time()})
    while line := await reader.readline():
        try:
            _tell({"result": await agent.do(json.loads(line))})
        except (BaresipError, ValueError, LookupError) as error:
            _tell({"error": repr(error)})
    await agent.close()


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
