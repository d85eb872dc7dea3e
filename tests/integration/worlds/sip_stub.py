"""A SIP party that only refuses, or says nothing at all: one UDP socket, a few lines of SIP."""

import re
import socket
import threading

REASONS = {404: "Not Found", 480: "Unavailable", 486: "Busy", 503: "Unavailable", 603: "Decline"}
_COPIED = re.compile(r"^(?:via|from|to|call-id|cseq):.*$", re.IGNORECASE | re.MULTILINE)


class SipStub:
    """Answers every INVITE with the status of its user; without one it is silent."""

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, name="sip stub", daemon=True).start()

    def refuse(self, user: str, status: int) -> None:
        """From now on calls to `user` end with this status."""
        self._statuses[user] = status

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        try:
            while True:
                data, sender = self._socket.recvfrom(65536)
                for answer in self._answers(data.decode("utf-8", "replace")):
                    self._socket.sendto(answer.encode(), sender)
        except OSError:
            return  # closed

    def _answers(self, request: str) -> list[str]:
        method, _, rest = request.partition(" ")
        status = self._statuses.get(rest.partition("@")[0].removeprefix("sip:"))
        if method != "INVITE" or status is None:
            return []
        return [_answer(request, 100, "Trying"), _answer(request, status, REASONS[status])]


def _answer(request: str, status: int, reason: str) -> str:
    copied = [line.strip() for line in _COPIED.findall(request)]
    if status > 100:
        copied = [f"{line};tag=stub" if line.lower().startswith("to:") else line for line in copied]
    return "\r\n".join([f"SIP/2.0 {status} {reason}", *copied, "Content-Length: 0", "", ""])
