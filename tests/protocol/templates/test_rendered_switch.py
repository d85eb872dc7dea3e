"""A real FreeSWITCH, started with the rendered configuration and nothing else."""

import re
import socket
import uuid

import pytest

pytestmark = pytest.mark.real

DEADLINE = 30


@pytest.fixture
def call(switch):
    """Begin a SIP call to a number; the switch calls itself."""

    def call(number="1234"):
        target = f"sofia/internal/{number}@127.0.0.1:{switch.options['sip_port']}"
        return switch.api(f"bgapi originate {target} &park")

    yield call
    switch.api("hupall")


def invite(switch, user):
    """The final status that a SIP call gets, sent byte for byte."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(DEADLINE)
        port, identity = phone.getsockname()[1], uuid.uuid4().hex
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
        message = (
            f"INVITE sip:{user}@127.0.0.1:{switch.options['sip_port']} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{identity}\r\n"
            f"From: <sip:test@127.0.0.1>;tag={identity}\r\n"
            f"To: <sip:{user}@127.0.0.1>\r\n"
            f"Call-ID: {identity}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:test@127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        phone.sendto(message.encode(), ("127.0.0.1", switch.options["sip_port"]))
        while True:
            status = int(phone.recv(65536).split()[1])
            if status >= 200:
                return status


def rounds(headers):
    return headers.get("variable_swml_rounds", "")


def test_it_starts_without_an_error(switch):
    complaints = re.findall(r".*\[(?:ERR|CRIT|ALERT)\].*", switch.log)
    assert not [line for line in complaints if "Socket Error" not in line]
    assert switch.api("module_exists mod_event_socket") == "true"


def test_no_argument_can_become_a_shell(switch):
    path = switch.folder / "ran"
    assert "-ERR" in switch.api(f"system touch {path}")
    switch.api(f"expand log INFO ${{system(touch {path})}}")
    assert not path.exists()


def test_nobody_without_the_password_gets_in(switch):
    address = ("127.0.0.1", switch.options["event_socket_port"])
    with socket.create_connection(address, DEADLINE) as connection:
        connection.sendall(b"auth ClueCon\n\n")
        answer = b""
        while b"invalid" not in answer and (piece := connection.recv(4096)):
            answer += piece
    assert b"-ERR invalid" in answer


def test_a_call_that_no_adapter_takes_is_refused_with_503(switch):
    assert invite(switch, "1234") == 503


@pytest.mark.parametrize(
    "user", ["1%24%7Bsystem(touch%20{folder}/ran)%7D", "1%20XML%20default", "1;a=b", "1%7C2"]
)
def test_a_number_with_code_in_it_is_refused(switch, user):
    assert invite(switch, user.format(folder=switch.folder)) == 404
    assert not (switch.folder / "ran").exists()


def test_a_call_comes_to_the_adapters_and_comes_back_when_they_break_off(switch, call):
    first, second = switch.adapters
    with first.listening(), second.listening():
        call("+15551234")
        connection, headers = first.take()
        number, path = headers["Caller-Destination-Number"], headers["variable_socket_path"]
        assert (number, path, rounds(headers)) == ("%2B15551234", "sales", "")
        assert headers["Control"] == "full"

        connection.close()
        connection, again = second.take()
        assert (again["Unique-ID"], rounds(again)) == (headers["Unique-ID"], "")

        connection.close()
        connection, third = first.take()
        assert (third["Unique-ID"], rounds(third)) == (headers["Unique-ID"], "x")
        assert switch.api(f"uuid_exists {third['Unique-ID']}") == "true"

        connection.sendall(b"sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n")
        connection.close()
