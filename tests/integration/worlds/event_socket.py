"""A switch's own event socket, for the tests' questions to it. The adapter's code is not used here.

One connection asks (`api`), another collects how calls ended.
"""

import re
import socket
import threading
from urllib.parse import unquote

_LENGTH = re.compile(r"^Content-Length: (\d+)", re.MULTILINE)
TIMEOUT = 10.0

Headers = dict[str, str]


class EventSocket:
    """A logged-in connection; `api` may be called from any thread."""

    def __init__(self, port: int, password: str) -> None:
        self.node = {"host": "127.0.0.1", "port": port, "password": password}
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self._buffer = b""
        self._lock = threading.Lock()
        self.read()
        assert "+OK" in self.command(f"auth {password}")[0], "the password is wrong"

    def api(self, command: str) -> str:
        """What the switch answers to an API command."""
        with self._lock:
            return self.command(f"api {command}")[1]

    def command(self, line: str) -> tuple[str, str]:
        """Send a command; the head and the body of its answer."""
        self._sock.sendall(f"{line}\n\n".encode("utf-8", "surrogateescape"))
        return self.read()

    def read(self) -> tuple[str, str]:
        """The next frame."""
        while b"\n\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\n\n")
        text = head.decode("utf-8", "replace")
        found = _LENGTH.search(text)
        length = int(found[1]) if found else 0
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return text, body.decode("utf-8", "replace")

    def wait_without_limit(self) -> None:
        self._sock.settimeout(None)

    def close(self) -> None:
        self._sock.close()

    def _more(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise ConnectionError("the switch closed its event socket")
        self._buffer += data


class Endings:
    """What the switch says of each call when it is over: CHANNEL_HANGUP_COMPLETE, by number."""

    def __init__(self, port: int, password: str) -> None:
        self._connection = EventSocket(port, password)
        self._connection.command("event plain CHANNEL_HANGUP_COMPLETE")
        self._connection.wait_without_limit()
        self._by_number: dict[str, Headers] = {}
        threading.Thread(target=self._collect, name="endings", daemon=True).start()

    def of(self, number: str) -> Headers | None:
        """The last channel data of the call to this number; None while it lives."""
        return self._by_number.get(number)

    def _collect(self) -> None:
        try:
            while True:
                _, body = self._connection.read()
                headers = headers_of(body)
                self._by_number[headers.get("Caller-Destination-Number", "")] = headers
        except OSError:
            return  # the switch has gone

    def close(self) -> None:
        self._connection.close()


def headers_of(text: str) -> Headers:
    """The headers of an event's text."""
    pairs = (line.partition(": ") for line in text.splitlines() if ": " in line)
    return {name: unquote(value) for name, _, value in pairs}
