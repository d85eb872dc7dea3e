"""A SIP party that refuses, vanishes, or says nothing at all: a UDP socket, a few lines of SIP."""

import re
import socket
import threading

OK = 200
REASONS = {
    OK: "OK",
    404: "Not Found",
    480: "Unavailable",
    486: "Busy",
    503: "Unavailable",
    603: "Decline",
}
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
_COPIED = re.compile(r"^(?:via|from|to|call-id|cseq):.*$", re.IGNORECASE | re.MULTILINE)


class SipStub:
    """Answers every INVITE with the status of its user; without one it is silent.

    Who answers with 200 sends and takes no sound, and hears no BYE.
    """

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, name="sip stub", daemon=True).start()

    def refuse(self, user: str, status: int) -> None:
        """From now on calls to `user` end with this status."""
        self._statuses[user] = status

    def answer(self, user: str) -> None:
        """From now on calls to `user` are answered, and that is all."""
        self._statuses[user] = OK

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
        sdp = _SDP.format(port=self.port) if status == OK else ""
        final = _answer(request, status, REASONS[status], port=self.port, sdp=sdp)
        return [_answer(request, 100, "Trying"), final]


def _answer(request: str, status: int, reason: str, *, port: int = 0, sdp: str = "") -> str:
    copied = [line.strip() for line in _COPIED.findall(request)]
    if status > 100:
        copied = [f"{line};tag=stub" if line.lower().startswith("to:") else line for line in copied]
    if sdp:
        copied += [f"Contact: <sip:stub@127.0.0.1:{port}>", "Content-Type: application/sdp"]
    head = [f"SIP/2.0 {status} {reason}", *copied, f"Content-Length: {len(sdp)}"]
    return "\r\n".join([*head, "", sdp])
