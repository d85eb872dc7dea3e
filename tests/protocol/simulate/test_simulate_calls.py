"""Whole simulated calls: the real adapter on the simulated switch, in no time."""

import http.server
import threading
import time

import pytest

from adapter.methods import play
from adapter.simulate import Kind, Stub

HOUR_MS = 3_600_000


def texts(outcome, kind):
    return [entry.text for entry in outcome.trace.of(kind)]


def steps(outcome):
    return [entry.facts["step"] for entry in outcome.trace.of(Kind.STEP)]


def variables(outcome):
    return {entry.facts["name"]: entry.facts.get("value") for entry in outcome.trace.of(Kind.SET)}


def test_an_hour_passes_at_once(call):
    began = time.perf_counter()
    outcome = call(f"- sleep: {HOUR_MS}\n- play: {{url: 'silence:60'}}\n")
    assert time.perf_counter() - began < 20
    (hangup,) = outcome.trace.of(Kind.HANGUP)
    assert 3660 < hangup.at < 3661
    assert outcome.trace.lines()[-1] == "end the script ran to its end"
    assert (outcome.stopped, outcome.warnings) == ("", 0)


def test_real_time_is_waited_for(call):
    began = time.perf_counter()
    outcome = call("- sleep: 300\n", real_time=True)
    assert time.perf_counter() - began >= 0.3
    assert outcome.trace.lines()[-1] == "end the script ran to its end"


def test_a_trace_tells_steps_commands_variables_and_callbacks(call):
    outcome = call("""\
        - record_call: {control_id: r, status_url: 'https://example.com/status'}
        - play: {url: 'say:hello'}
        - stop_record_call: {}
        - hangup: {reason: busy}
    """)
    lines = outcome.trace.lines()
    assert lines[0] == "call from +15550100 to +15550199"
    assert "main[0].record_call control_id: r, status_url: https://example.com/status" in lines
    assert "  switch    uuid_answer <call>" in lines
    assert any(line.startswith("  switch    uuid_record <call> start") for line in lines)
    assert "  callback  record recording to https://example.com/status" in lines
    assert "  callback  record finished to https://example.com/status" in lines
    assert "  recording r finished (stopped)" in lines
    assert "  set       record_control_id = r" in lines
    assert lines[-2:] == ["hangup USER_BUSY", "end the script ran to its end"]
    assert steps(outcome) == [
        "main[0].record_call",
        "main[1].play",
        "main[2].stop_record_call",
        "main[3].hangup",
    ]


def test_two_runs_tell_the_same(call):
    text = """\
        - record_call: {status_url: 'https://example.com/status', stereo: true}
        - play: {urls: ['say:hello', 'https://example.com/a.wav', '%{record_call_url}']}
        - request: {url: 'https://example.com/', method: POST, body: '%{record_call_url}'}
        - cond: [{when: '1 + 1 == 2', then: [{record_call: {format: mp4}}]}]
    """
    first, second = call(text), call(text)
    assert first.trace.lines() == second.trace.lines()
    assert "<recording-1>" in "\n".join(first.trace.lines())


def test_sections_and_control_steps_are_shown(call):
    outcome = call("""\
        main:
          - set: {n: 1}
          - label: again
          - switch: {variable: n, case: {'1': [{execute: {dest: other, params: {a: b}}}]}}
          - unset: n
        other:
          - play: {url: 'say:%{params.a}'}
          - return: 5
    """)
    assert steps(outcome) == [
        "main[0].set",
        "main[1].label",
        "main[2].switch",
        "main[2].switch.case.1[0].execute",
        "other[0].play",
        "other[1].return",
        "main[3].unset",
    ]
    assert "other[0].play url: say:b" in outcome.trace.lines()
    assert "n unset" in texts(outcome, Kind.SET)


def test_variables_go_in_their_order(call):
    names = [f"v{number}" for number in range(20)]
    outcome = call(f"- set: {{{', '.join(f'{name}: 1' for name in names)}}}\n- unset: {names}\n")
    told = texts(outcome, Kind.SET)
    assert told == [f"{name} = 1" for name in names] + [f"{name} unset" for name in names]


def test_callers_numbers_and_envs(call):
    outcome = call(
        "- set: {a: '%{call.from} %{call.to} %{envs.company}'}\n",
        from_number="+15551",
        to_number="+15552",
        envs={"company": "ACME"},
    )
    assert variables(outcome)["a"] == "+15551 +15552 ACME"


def test_each_prompt_gets_its_keys(call):
    outcome = call(
        """\
        - prompt: {play: 'say:one', max_digits: 1}
        - set: {first: '%{prompt_value}'}
        - play: {url: 'say:not a prompt'}
        - prompt: {play: ['say:two', 'say:three'], max_digits: 5, terminators: '#'}
        - set: {second: '%{prompt_value}'}
        - prompt: {play: 'say:four', initial_timeout: 2}
        """,
        digits=("1", "22#"),
    )
    assert texts(outcome, Kind.CALLER) == ["presses 1", "presses 22#"]
    assert (variables(outcome)["first"], variables(outcome)["second"]) == ("1", "22")
    assert variables(outcome)["prompt_result"] == "no_input"
    # The caller lets everything be said.
    spoken = [line for line in texts(outcome, Kind.SWITCH) if line.startswith("playback tts:")]
    assert [line.rpartition("|")[2] for line in spoken] == [
        "one",
        "not a prompt",
        "two",
        "three",
        "four",
    ]


def test_keys_that_nobody_asks_for_are_told(call):
    outcome = call("- play: {url: 'say:x'}\n", digits=("7",))
    assert texts(outcome, Kind.WARNING) == ["never asked for: the digits 7"]


def test_words_are_said_to_a_recording(call):
    silent = call("- record: {initial_timeout: 3}\n")
    assert "<control-1> no input (initial_timeout)" in texts(silent, Kind.RECORDING)
    spoken = call("- record: {end_silence_timeout: 2}\n", speech=("please call me back tomorrow",))
    assert texts(spoken, Kind.CALLER) == ["says please call me back tomorrow"]
    assert "<control-1> finished (end_silence)" in texts(spoken, Kind.RECORDING)


def test_words_are_said_to_a_prompt(call):
    outcome = call(
        """\
        - prompt: {play: 'say:one', speech_end_timeout: 1}
        - prompt: {play: 'say:two', speech_end_timeout: 1, initial_timeout: 2}
        """,
        speech=("billing please",),
    )
    assert texts(outcome, Kind.CALLER) == ["says billing please"]
    assert variables(outcome)["prompt_result"] == "no_input"
    told = [one for one in texts(outcome, Kind.SET) if "prompt_value" in one]
    assert "billing please" in told[0]


def test_a_key_ends_a_recording(call):
    outcome = call("- record: {end_silence_timeout: 0, initial_timeout: 0}\n", digits=("#",))
    assert "<control-1> finished (terminator)" in texts(outcome, Kind.RECORDING)


@pytest.mark.parametrize("where", ["main[1]", "main[1].play", "main[0]", "main[1].set"])
def test_the_caller_hangs_up_where_it_is_told_to(call, where):
    outcome = call(
        """\
        - set: {a: 1}
        - play: {url: 'say:x'}
        - play: {url: 'say:y'}
        """,
        hangup_at=where,
    )
    if where == "main[1].set":
        assert "the step main[1].set never began" in texts(outcome, Kind.WARNING)
        return
    assert outcome.trace.lines()[-1] == "end the caller hung up"
    assert not [line for line in texts(outcome, Kind.SWITCH) if line.startswith("playback tts:")]
    assert outcome.stopped == ""


def test_a_hangup_ends_recordings_and_tells_of_them(call):
    outcome = call(
        """\
        - record_call: {status_url: 'https://example.com/status'}
        - play: {url: 'say:x'}
        """,
        hangup_at="main[1]",
    )
    assert texts(outcome, Kind.CALLBACK)[-1] == "record finished to https://example.com/status"


def test_an_endless_call_is_ended_by_its_limit(call):
    outcome = call("- answer: {max_duration: 7200}\n- sleep: -1\n")
    assert "hangup ALLOTTED_TIMEOUT" in outcome.trace.lines()
    assert outcome.trace.lines()[-1] == "end the call ended before the script"


def test_a_caller_gives_up_what_nothing_ends(call):
    outcome = call("- sleep: -1\n")
    assert texts(outcome, Kind.CALLER) == ["hangs up: nothing else ends the call"]


def test_stubs_answer_requests_fetches_and_sounds(call):
    outcome = call(
        """\
        - request: {url: 'https://api.example.com/x', method: GET, save_variables: true}
        - play: {url: 'say:%{request_response.name}'}
        - execute: {dest: 'https://example.com/sub'}
        - play: {url: 'https://example.com/a.mp3'}
        """,
        stubs=[
            Stub(url="https://api.example.com/*", body={"name": "Ann"}),
            Stub(url="https://example.com/sub", method="POST", body="sections: {main: [label: x]}"),
            Stub(url="*.mp3", sound=3),
        ],
    )
    assert texts(outcome, Kind.HTTP) == [
        "GET https://api.example.com/x answered 200",
        "POST https://example.com/sub answered 200",
        "GET https://example.com/a.mp3 answered 200",
    ]
    assert "playback tts://flite|kal|Ann" in texts(outcome, Kind.SWITCH)
    assert outcome.warnings == 0


def test_what_is_not_stubbed_fails_and_the_script_goes_on(call):
    outcome = call(
        """\
        - request: {url: 'https://example.com/', method: GET}
        - execute: {dest: 'https://example.com/sub'}
        - play: {urls: ['https://example.com/a.wav', 'say:x']}
        """,
        stubs=[],
    )
    assert len([text for text in texts(outcome, Kind.HTTP) if "no stub answers" in text]) == 3
    assert outcome.warnings == 3
    assert "playback tts://flite|kal|x" in texts(outcome, Kind.SWITCH)
    assert outcome.trace.lines()[-1] == "end the script ran to its end"


def test_documents_beside_it_are_named_by_file(call, tmp_path):
    (tmp_path / "second.yaml").write_text("sections: {main: [{set: {second: 'was here'}}]}")
    outcome = call("- execute: 'file:second'\n- execute: 'file:../secret'\n")
    assert variables(outcome)["second"] == "was here"
    assert outcome.warnings == 1


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"name": "Bob"}')

    def log_message(self, *_):
        pass


def test_without_stubs_the_network_is_real(call):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        outcome = call(
            f"- request: {{url: '{url}', method: GET, save_variables: true, timeout: 5}}\n"
            "- sleep: 3600000\n"
            "- request: {url: 'http://127.0.0.1:1/', method: GET, timeout: 5}\n",
            stubs=None,
        )
        server.shutdown()
    assert variables(outcome)["request_response"] == {"name": "Bob"}
    answered, failed = texts(outcome, Kind.HTTP)
    assert answered == f"GET {url} answered 200"
    assert failed.startswith("GET http://127.0.0.1:1/ failed")


def test_a_method_that_is_not_performed_is_told(call, monkeypatch):
    monkeypatch.delattr(play, "perform")
    outcome = call("- play: {url: 'say:x'}\n- hangup: {}\n")
    assert "play is not performed" in texts(outcome, Kind.WARNING)[0]
    assert steps(outcome)[-1] == "main[1].hangup"
    assert (outcome.warnings, outcome.stopped) == (1, "")


def test_a_limit_stops_the_script(call):
    outcome = call("main:\n  - execute: {dest: main}\n")
    assert "relay_script_nested_too_deep" in outcome.stopped
    assert outcome.trace.lines()[-1].startswith("end the script was stopped: ")


def test_an_error_of_ours_is_no_success(call, monkeypatch):
    def fail(*_):
        raise ValueError("a mistake")

    monkeypatch.setattr(play, "perform", fail)
    outcome = call("- play: {url: 'say:x'}\n")
    assert outcome.stopped
    assert outcome.trace.lines()[-1].startswith("end the adapter failed: ")
    assert "a mistake" in "\n".join(outcome.trace.lines())


def test_warnings_of_control_steps_are_told_where_they_happen(call):
    outcome = call("- switch: {variable: x, case: {'1': []}}\n- label: end\n")
    lines = outcome.trace.lines()
    assert lines.index("main[0].switch variable: x") < lines.index("main[1].label name: end")
    assert "no case of x matches" in lines[lines.index("main[1].label name: end") - 1]


def test_a_payment_is_simulated_and_no_card_stands_in_the_trace(call):
    outcome = call(
        """\
        - pay: {payment_connector_url: 'https://example.com/charge', charge_amount: '1.00'}
        """,
        digits=("4111111111111111#1299#987#90210#",),
        stubs=[Stub(url="*/charge", body={"charge_id": "c"})],
    )
    assert variables(outcome)["pay_result"] == "success"
    trace = "\n".join(outcome.trace.lines())
    assert "4111" not in trace
    assert "987#" not in trace
    assert "presses ****" in trace


SCREENED = """\
    - prompt: {play: 'say:Who is calling?', max_digits: 1}
    - connect:
        serial: ['+15551111', {to: 'sip:bob@example.com'}, '+15553333']
        status_url: https://example.com/status
        timeout: 2
        confirm:
          - prompt: {play: 'say:Press 1 to accept', max_digits: 1}
          - cond: [{when: prompt_value != '1', then: [hangup]}]
    - play: {url: 'say:${prompt_value} ${connect_result} ${connect_failed_reason}'}
"""


def test_who_is_called_does_as_told_and_is_asked_by_its_confirm(call):
    called = {"*": "answers", "+15551111": "busy", "bob": "no_answer"}
    outcome = call(SCREENED, digits=("9", "1"), called=called)
    assert texts(outcome, Kind.CALLER) == ["presses 9", "who is called presses 1"]
    assert outcome.trace.lines()[-3:] == [
        "  switch    hangup NORMAL_CLEARING",
        "hangup NORMAL_CLEARING",
        "end the script ran to its end",
    ]
    told = [text.split()[1] for text in texts(outcome, Kind.CALLBACK)]
    assert told == ["connecting", "connected", "disconnected"]
    assert "main[2].play url: say:9 connected" in outcome.trace.lines()
    assert not [text for text in texts(outcome, Kind.SET) if "unset" in text and "prompt" in text]


def test_nobody_takes_the_call(call):
    outcome = call("- connect: {parallel: ['+1', '+2']}\n", called={"*": "declined"})
    assert variables(outcome)["connect_failed_reason"] == "declined"
    hangup, end = outcome.trace.entries[-2:]
    assert (hangup.kind, end.kind, end.at) == (Kind.HANGUP, Kind.END, hangup.at)


def test_who_is_referred_calls_somebody_else(call):
    outcome = call("- sip_refer: {to_uri: 'sip:bob@example.com'}\n")
    assert steps(outcome) == ["main[0].sip_refer"]
