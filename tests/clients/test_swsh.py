"""`sw` (swsh): looks at calls, records and ends them over TLS with an own CA; hears callbacks."""

import json
import socket
import ssl

from bench import Secure, Sw, place
from worlds.adapter_process import AdapterProcess
from worlds.ports import find_ports
from worlds.sounds import tone
from worlds.steps import SETTLED, record, sleep
from worlds.waiting import eventually
from worlds.world import PROJECT, World


def test_a_call_is_watched_recorded_and_ended(
    world: World, secure: AdapterProcess, sw: Sw, authority: Secure
) -> None:
    assert sw("whoami")["account_status"] == "active"
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox, "own"), sleep(300)], says=tone(440), adapter=secure)
    call_id = inbox.wait_for("recording")["call_id"]
    live = eventually(lambda: sw("calls", "list", "--live"), what="the call", within=60, every=0.5)
    assert [(call["call_id"], call["state"]) for call in live] == [(call_id, "answered")]
    assert sw("calls", "record", call_id)["id"] == call_id
    listed = eventually(
        lambda: recordings(sw, call_id, 2), what="two recordings", within=60, every=0.5
    )
    assert {row["status"] for row in listed} == {"in-progress"}
    assert "ended" in str(sw("calls", "hangup", call_id))
    phone.wait_ended()
    inbox.wait_for("finished")
    assert sw("calls", "show", call_id)["state"] == "ended"
    names = [event["name"] for event in sw("logs", "events", call_id)]
    assert names.count("api.command") == 2
    first, second = recordings(sw, call_id, 2)
    assert first["status"] == second["status"] == "completed"
    sw("recordings", "delete", first["id"], "--yes")
    assert [row["id"] for row in recordings(sw, call_id, 1)] == [second["id"]]


def test_a_call_is_made(world: World, secure: AdapterProcess, sw: Sw) -> None:
    """`sw calls dial` sends LaML: a text to say, or the URL of a document."""
    number = f"1557{world.new_number('n')[2:]:0>7}"
    bob = world.somebody(number=f"+{number}")
    made = sw("calls", "dial", f"+{number}", "--from", "+15550001", "--tts", "Hello and goodbye")
    phone = bob.wait_call()
    phone.wait_ended()
    assert phone.answered
    assert phone.hear().seconds_audible() > 0.2
    shown = eventually(
        lambda: (row := sw("calls", "show", made["sid"]))["state"] == "ended" and row,
        what="the end",
        every=0.5,
    )
    assert shown["to"] == f"+{number}"


def test_a_call_is_played_to_listened_to_and_transferred(
    world: World, secure: AdapterProcess, sw: Sw
) -> None:
    """All that `sw calls` has for a running call; what needs a module of the switch says so."""
    inbox, report = world.inbox(), world.report()
    phone = world.call([*SETTLED, record(inbox, "own"), sleep(300)], adapter=secure)
    recording = inbox.wait_for("recording")
    call_id = recording["call_id"]
    sw("calls", "play", call_id, "--tts", "Hello and goodbye")
    eventually(lambda: phone.hear().seconds_audible() > 0.2, what="that it is spoken to")
    sw("calls", "detect", call_id, "--type", "digit")
    for command in ("tap", "stream"):
        refused = sw.run("calls", command, call_id, "--to", "wss://127.0.0.1:9/sink")
        assert refused.returncode != 0
        assert "mod_audio" in refused.stdout + refused.stderr, refused
    sw("calls", "transfer", call_id, f"{report.url}?name=moved")
    report.wait("moved")
    phone.wait_ended()
    finished = inbox.wait_for("finished")
    assert sw("recordings", "get", finished["recording_id"])["status"] == "completed"
    commands = [e["details"] for e in sw("logs", "events", call_id) if e["name"] == "api.command"]
    assert [each["command"] for each in commands] == [
        "calling.play",
        "calling.detect",
        "calling.tap",
        "calling.stream",
        "calling.transfer",
    ]


def recordings(sw: Sw, call_id: str, count: int) -> list:
    rows = sw("recordings", "list")
    mine = [row for row in rows if call_id in row.values()]
    return mine if len(mine) == count else []


def test_a_renewed_certificate_is_taken_up_at_once(
    secure: AdapterProcess, sw: Sw, authority: Secure
) -> None:
    before = served(secure, authority)
    authority.issue()
    secure.reload()
    eventually(lambda: served(secure, authority) != before, what="the new certificate")
    assert sw("whoami")["project"] == PROJECT


def served(adapter: AdapterProcess, authority: Secure) -> str:
    """The serial number of the certificate that a new connection gets."""
    host, port = place(adapter).split(":")
    context = ssl.create_default_context(cafile=str(authority.ca))
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return str(secured.getpeercert()["serialNumber"])


def test_callbacks_are_heard(world: World, sw: Sw) -> None:
    """`sw listen` prints each of them."""
    (port,) = find_ports(1)
    address = f"http://127.0.0.1:{port}"
    listener = sw.start(
        "listen", "--no-rewrite", "--public-url", address, "--port", str(port), "--json"
    )
    try:
        eventually(lambda: is_open(port) or listener.poll() is not None, within=30)
        status_url = f"{address}/cb/recording"
        world.run(
            [*SETTLED, {"record_call": {"control_id": "r1", "status_url": status_url}}, sleep(0.3)]
        )
        told = [json.loads(line) for line in heard(listener, 2)]
    finally:
        listener.terminate()
        listener.wait(10)
    states = [str(event["raw"]) for event in told]
    assert "'recording'" in states[0]
    assert "'finished'" in states[1]


def heard(listener, count: int) -> list[str]:
    lines = []
    while len(lines) < count:
        line = listener.stdout.readline()
        assert line, lines
        if line.startswith("{"):
            lines.append(line)
    return lines


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
