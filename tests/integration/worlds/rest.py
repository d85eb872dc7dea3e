"""REST commands over plain HTTP, as any client sends them."""

import base64
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from worlds.world import HTTP_DEADLINE, PROJECT, TOKEN

CALLS = "/api/calling/calls"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request, and when (monotonic seconds): it was done in between."""

    status: int
    body: Any
    began: float
    ended: float

    @property
    def middle(self) -> float:
        return (self.began + self.ended) / 2

    @property
    def error(self) -> tuple[str, str | None]:
        """Code and attribute of a refused command."""
        found = self.body["errors"][0]
        return found["code"], found["attribute"]


class Rest:
    """A client of one project."""

    def __init__(self, url: str, project: str = PROJECT, token: str = TOKEN) -> None:
        self._url = url
        credentials = base64.b64encode(f"{project}:{token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: bytes) -> Answer:
        return self._send(path, "POST", body)

    def get(self, path: str) -> Any:
        """What is there."""
        answer = self._send(path, "GET")
        assert answer.status == 200, answer
        return answer.body

    def _send(self, path: str, method: str, body: bytes | None = None) -> Answer:
        request = urllib.request.Request(self._url + path, body, self._headers, method=method)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=HTTP_DEADLINE) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return Answer(status, json.loads(text), began, time.monotonic())

    def ask(self, command: str, call_id: str | None = None, **params: Any) -> Answer:
        """Give a command."""
        body = {"command": command, "params": params, **({"id": call_id} if call_id else {})}
        return self.post(CALLS, json.dumps(body).encode())

    def do(self, command: str, call_id: str | None = None, **params: Any) -> Answer:
        """The same; it must be done."""
        answer = self.ask(command, call_id, **params)
        assert answer.status == 200, answer
        return answer
