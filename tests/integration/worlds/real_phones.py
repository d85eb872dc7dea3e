"""Phones of a real switch: SIP user agents of `baresip_agent`, in its process."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worlds.audio import Audio
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.sip_stub import SipStub
from worlds.sounds import Sound

AGENT = Path(__file__).with_name("baresip_agent.py")
STOP_DEADLINE = 1.0


class PhoneAgent:
    """The process in which all phones live."""

    def __init__(self, rtp_ports: range, sip_port: int) -> None:
        self.sip_port = sip_port
        """Where phones that answer listen."""

        ports = f"{rtp_ports[0]}-{rtp_ports[-1]}"
        self._process = subprocess.Popen(
            [sys.executable, str(AGENT), ports, str(sip_port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self._answer()

    def order(self, do: str, **details: Any) -> Any:
        """Have something done; its result."""
        with self._lock:
            assert self._process.stdin
            self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
        assert "error" not in answer, f"the phone cannot {do} {details}: {answer['error']}"
        return answer.get("result")

    def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the phones' process has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


class RealPhone(Phone):
    """A SIP user agent in a call."""

    def __init__(self, agent: PhoneAgent, number: str, line: int) -> None:
        self.number = number
        self._agent = agent
        self._line = line

    @classmethod
    def dial(cls, agent: PhoneAgent, sip_port: int, dialling: Dialling) -> "RealPhone":
        """A phone that calls the switch."""
        name = dialling.name if isinstance(dialling.name, bytes) else dialling.name.encode()
        line = agent.order(
            "call",
            uri=f"sip:{dialling.to}@127.0.0.1:{sip_port}",
            name=base64.b64encode(name).decode(),
            caller=dialling.caller,
            headers=dict(dialling.headers),
            says=[sound.as_data() for sound in dialling.says],
            refer=dialling.refer,
        )
        return cls(agent, dialling.to, line)

    def say(self, *sounds: Sound) -> None:
        self._agent.order("say", line=self._line, says=[sound.as_data() for sound in sounds])

    def press(self, digits: str) -> None:
        self._agent.order("press", line=self._line, digits=digits)

    def hang_up(self) -> None:
        if not self.ended:
            self._agent.order("hang_up", line=self._line)

    def hear(self) -> Audio:
        return Audio.from_pcm(base64.b64decode(self._agent.order("hear", line=self._line)))

    @property
    def answered(self) -> bool:
        return bool(self._state()["answered"])

    @property
    def ended(self) -> bool:
        return bool(self._state()["ended"])

    @property
    def sip_status(self) -> int | None:
        status: int | None = self._state()["sip_status"]
        return status

    @property
    def caller(self) -> str:
        return str(self._state()["caller"]).removeprefix("sip:").partition("@")[0]

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self._state()["headers"])

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._agent.order("state", line=self._line)
        return state


class RealCalled(Called):
    """A SIP user agent that takes calls."""

    def __init__(self, agent: PhoneAgent, user: str, answering: Answering) -> None:
        self.uri = f"sip:{user}@127.0.0.1:{agent.sip_port}"
        self._agent, self._user = agent, user
        agent.order(
            "expect",
            user=user,
            rings=answering.rings,
            answers=answering.answers,
            refuses=answering.status is not None,
            says=[sound.as_data() for sound in answering.says],
        )

    def calls(self) -> list[Phone]:
        lines: list[int] = self._agent.order("taken", user=self._user)
        return [RealPhone(self._agent, self._user, line) for line in lines]


class Refusing(Called):
    """Somebody of the stub, who takes no call, or takes it and is gone."""

    def __init__(self, stub: SipStub, user: str, answering: Answering) -> None:
        self.uri = f"sip:{user}@127.0.0.1:{stub.port}"
        if answering.status is not None:
            stub.refuse(user, answering.status)
        if answering.vanishes:
            stub.answer(user)

    def calls(self) -> list[Phone]:
        return []
