"""The outbound event socket, as a real switch speaks it."""

from collections.abc import Callable

import pytest
from sim_peer import FakeAdapter, Place

from adapter.simswitch import CallPlan, SimSwitch

Switches = Callable[..., SimSwitch]


def test_the_answer_to_connect_is_one_reply_of_headers(
    adapter: FakeAdapter, switches: Switches
) -> None:
    switch = switches(f"socket {adapter.target}/a/b async full")
    facts = {"from": "+1555", "to": "s100", "name": "Bob\nX: y", "headers": {"X-Foo": "b${r"}}
    caller = switch.call(CallPlan.from_data(facts))
    reply = adapter.accept().connect()
    assert reply.body == b""
    assert reply.head.startswith(b"Event-Name: CHANNEL_DATA\nCore-UUID: ")
    assert reply.head.endswith(
        b"Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full"
    )
    assert 100 < len(reply.headers) < 200
    assert reply.headers["Unique-ID"] == caller.uuid
    assert reply.headers["Caller-Destination-Number"] == "s100"
    assert reply.headers["Channel-Caller-ID-Name"] == "Bob\nX: y"
    assert reply.headers["Answer-State"] == "ringing"
    assert reply.headers["variable_socket_host"] == "127.0.0.1"
    assert reply.headers["variable_socket_path"] == "a/b"
    assert "variable_sip_h_X-Foo" not in reply.headers


def test_the_first_command_gets_no_reply_unless_it_is_connect(
    adapter: FakeAdapter, switches: Switches
) -> None:
    switches(f"socket {adapter.target} async full").call()
    peer = adapter.accept()
    peer.send("myevents\n\nfoo\n\nconnect\n\n")
    assert peer.reply().headers["Reply-Text"] == "-ERR command not found"
    assert b"CHANNEL_DATA" in peer.reply().head


def test_without_full_there_is_no_api_no_event_and_no_linger(
    adapter: FakeAdapter, switches: Switches
) -> None:
    switches(f"socket {adapter.target}/x async").call()
    peer = adapter.accept()
    assert peer.connect().headers["Control"] == "single-channel"
    for command in ("api status", "bgapi status", "event plain ALL", "linger 3", "noevents"):
        assert peer.command(command) == "-ERR command not found"
    assert peer.command("myevents") == "+OK Events Enabled"
    assert peer.command("filter a b") == "+OK filter added. [a]=[b]"
    assert peer.command("getvar socket_path") == "x"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("linger", "+OK will linger"),
        ("linger 3", "+OK will linger 3 seconds"),
        ("nolinger", "+OK will not linger"),
        ("event", "-ERR no keywords supplied"),
        ("foo", "-ERR command not found"),
        ("nixevent CHANNEL_EXECUTE X", "+OK events nixed"),
        ("filter", "-ERR command not found"),
        ("filter delete Event-Name X", "+OK filter deleted. [Event-Name][X]"),
        ("divert_events", "-ERR missing value."),
        ("divert_events on", "+OK events diverted"),
        ("getvar nope", "-ERR command not found"),
        ("sendmsg nobody\ncall-command: hangup", "-ERR invalid session id [nobody]"),
        ("auth x", "-ERR command not found"),
    ],
)
def test_replies(place: Place, command: str, reply: str) -> None:
    peer, _ = place()
    assert peer.command(command) == reply


def test_exit_says_goodbye(adapter: FakeAdapter, switches: Switches) -> None:
    switch = switches(f"socket {adapter.target} async full")
    caller = switch.call()
    peer = adapter.accept()
    peer.connect()
    assert peer.command("exit") == "+OK bye"
    (notice,) = peer.rest()
    assert b"Content-Disposition: disconnect" in notice.head
    assert notice.body.startswith(b"Disconnected, goodbye.")
    assert caller.wait(5)
    assert caller.hangup_cause == "NORMAL_CLEARING"


def test_events_come_after_the_reply_in_order(answered: Place) -> None:
    peer, _ = answered()
    peer.events.clear()
    peer.execute("set", "a=b", uuid="one")
    peer.execute("set", "c=d", uuid="two")
    peer.completed("two")
    assert [(frame.name, frame.get("Application-UUID")) for frame in peer.events] == [
        ("CHANNEL_EXECUTE", "one"),
        ("CHANNEL_EXECUTE_COMPLETE", "one"),
        ("CHANNEL_EXECUTE", "two"),
        ("CHANNEL_EXECUTE_COMPLETE", "two"),
    ]
    assert peer.events[-1].get("variable_a") == "b"


def test_json_events_have_the_same_headers(answered: Place) -> None:
    peer, _ = answered()
    peer.command("event json DTMF")
    peer.execute("log", 'x"y', uuid="json")
    frame = peer.completed("json")
    assert frame.head.endswith(b"Content-Type: text/event-json")
    assert frame.get("Application-Data") == 'x"y'
    assert len(frame.headers) > 100


def test_events_are_of_a_real_size(answered: Place) -> None:
    peer, _ = answered()
    size = len(peer.completed("answer").body)
    assert 5000 < size < 8000


def test_an_argument_as_body_may_have_lines(answered: Place) -> None:
    peer, _ = answered()
    text = "INFO one\ntwo"
    peer.send(
        "sendmsg\ncall-command: execute\nexecute-app-name: log\nEvent-UUID: body\n"
        f"content-type: text/plain\ncontent-length: {len(text)}\n\n{text}"
    )
    assert peer.completed("body").get("Application-Data") == text


def test_a_job_of_ours_is_told_once_it_is_asked_for(answered: Place) -> None:
    peer, _ = answered()
    peer.command("event plain BACKGROUND_JOB")
    peer.send("bgapi echo hi\nJob-UUID: mine\n\n")
    reply = peer.reply()
    assert reply.headers["Reply-Text"] == "+OK Job-UUID: mine"
    assert reply.headers["Job-UUID"] == "mine"
    job = peer.event("BACKGROUND_JOB")
    assert job.get("Job-Command") == "echo"
    assert job.body.endswith(b"Content-Length: 2\n\nhi")


class TestEnds:
    """What comes when the call is over."""

    def test_hangup_by_message_with_linger(self, answered: Place) -> None:
        peer, caller = answered()
        peer.events.clear()
        peer.command("sendmsg\ncall-command: hangup\nhangup-cause: CALL_REJECTED")
        complete = peer.event("CHANNEL_HANGUP_COMPLETE")
        assert complete.get("Hangup-Cause") == "CALL_REJECTED"
        assert complete.get("variable_hangup_cause_q850") == "21"
        names = [name for name in peer.names() if name != "CHANNEL_STATE"]
        assert names == [
            "CHANNEL_HANGUP",
            "CHANNEL_UNPARK",
            "CHANNEL_EXECUTE_COMPLETE",
            "CHANNEL_HANGUP_COMPLETE",
        ]
        linger = peer.until(lambda frame: b"Content-Disposition: linger" in frame.head)
        assert linger.headers["Linger-Time"] == "1"
        assert caller.hangup_cause == "CALL_REJECTED"
        assert peer.api("uuid_exists UUID") == "false"
        assert peer.command("sendmsg\ncall-command: hangup") == "+OK"
        assert b"Content-Disposition: disconnect" in peer.rest()[-1].head

    def test_a_kill_tells_the_rest_later(self, answered: Place) -> None:
        peer, _ = answered()
        peer.execute("playback", "tone_stream://%(3000,0,440)", uuid="play")
        peer.event("PLAYBACK_START")
        assert peer.api("uuid_kill UUID USER_BUSY") == "+OK\n"
        hangup = peer.event("CHANNEL_HANGUP")
        assert hangup.get("Channel-State") == "CS_EXECUTE"
        complete = peer.event("CHANNEL_HANGUP_COMPLETE")
        assert complete.received_at - hangup.received_at > 0.005
        names = peer.names()
        order = [names.index(name) for name in ("CHANNEL_HANGUP", "PLAYBACK_STOP")]
        assert order == sorted(order)
        assert peer.completed("play").get("Application-Response") == "FILE PLAYED"

    def test_without_linger_the_switch_closes(self, place: Place) -> None:
        peer, _ = place()
        peer.command("myevents")
        peer.command("sendmsg\ncall-command: hangup")
        frames = peer.rest()
        assert b"Content-Disposition: disconnect" in frames[-1].head
        assert "CHANNEL_HANGUP" in peer.names()

    def test_an_unknown_application_hangs_up(self, answered: Place) -> None:
        peer, caller = answered()
        peer.execute("nonsense", "x")
        peer.event("CHANNEL_HANGUP")
        assert caller.hangup_cause == "DESTINATION_OUT_OF_ORDER"


class TestLostAdapter:
    """What the dialplan does when the socket dies or never was."""

    def test_a_refused_host_falls_through_at_once(
        self, adapter: FakeAdapter, switches: Switches
    ) -> None:
        gone = FakeAdapter()
        target = gone.target
        gone.close()
        switch = switches(f"socket {target}/first|{adapter.target}/second async full")
        switch.call()
        peer = adapter.accept()
        peer.connect()
        assert peer.command("getvar socket_path") == "second"

    def test_a_host_without_a_path_sets_none(
        self, adapter: FakeAdapter, switches: Switches
    ) -> None:
        switches(f"socket {adapter.target}|127.0.0.1:1/path async full").call()
        peer = adapter.accept()
        peer.connect()
        assert peer.command("getvar socket_path") == "-ERR command not found"

    def test_resume_keeps_call_variables_and_recording(
        self, adapter: FakeAdapter, switches: Switches, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        path = tmp_path_factory.mktemp("resume") / "a.wav"
        socket = f"socket {adapter.target} async full"
        switch = switches("set socket_resume=true", socket, socket, "hangup")
        switch.call()
        first = adapter.accept()
        first.connect()
        first.execute("answer")
        variables = "{RECORD_PRE_BUFFER_FRAMES=0,mine=yes}"
        assert first.api(f"uuid_record UUID start {path} 0 {variables}") == "+OK Success\n"
        first.api("uuid_setvar UUID kept value")
        first.close()
        second = adapter.accept()
        reply = second.connect()
        assert reply.headers["Answer-State"] == "answered"
        assert reply.headers["variable_kept"] == "value"
        second.command("event plain RECORD_STOP")
        assert second.api(f"uuid_record UUID stop {path}") == "+OK Success\n"
        assert second.event("RECORD_STOP").get("Recording-Variable-mine") == "yes"

    def test_resume_breaks_off_what_plays(self, adapter: FakeAdapter, switches: Switches) -> None:
        socket = f"socket {adapter.target} async full"
        switch = switches("set socket_resume=true", socket, "log INFO next", socket)
        caller = switch.call()
        first = adapter.accept()
        first.connect()
        first.command("event plain PLAYBACK_START")
        first.execute("playback", "tone_stream://%(60000,0,440)")
        first.event("PLAYBACK_START")
        first.close()
        adapter.accept().connect()
        assert caller.heard[0].ms < 10000

    def test_without_resume_what_plays_goes_on_and_then_the_dialplan(
        self, adapter: FakeAdapter, switches: Switches
    ) -> None:
        socket = f"socket {adapter.target} async full"
        switch = switches(socket, "playback tone_stream://%(40,0,300)")
        caller = switch.call()
        peer = adapter.accept()
        peer.connect()
        peer.command("event plain PLAYBACK_START")
        peer.execute("playback", "tone_stream://%(300,0,440)")
        peer.event("PLAYBACK_START")
        peer.close()
        assert caller.wait(10)
        assert [heard.ms for heard in caller.heard] == [300, 40]

    def test_a_transfer_leaves_the_old_socket_open(
        self, adapter: FakeAdapter, switches: Switches
    ) -> None:
        switches(f"socket {adapter.target} async full").call()
        old = adapter.accept()
        old.connect()
        assert old.api("uuid_transfer UUID 300 XML public") == "+OK\n"
        new = adapter.accept()
        assert new.connect().headers["Caller-Destination-Number"] == "300"
        assert old.api("uuid_exists UUID") == "true"

    def test_a_call_that_is_transferred_for_ever_ends(self, switches: Switches) -> None:
        switch = switches("transfer 1", last_resort=5)
        assert switch.call().wait(5)
