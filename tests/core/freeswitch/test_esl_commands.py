"""Commands against a model of the switch: whatever goes in, one command comes out, and no code."""

from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from switch_model import (
    Command,
    read_packets,
    switch_url_decode,
    switch_url_encode,
    uuid_record_start,
    uuid_setvar_multi,
)

from adapter.freeswitch import commands
from adapter.freeswitch.errors import SwitchError, UnsafeValue
from adapter.freeswitch.wire import decode

SPECIAL = [
    *"\n\r\0${}[](),|'\"\\^!@%:;=# \t\x7f\x1b\u2028\x85\udcffé",
    *("\n\n", "\r\n", "${", "$${", "%24%7B", "%0A", "%00", "^^:", "@@", "://"),
    *("api ", "content-length: 9", "${system(touch /tmp/x)}"),
    "x,record_post_process_exec_app=system:touch /tmp/x",
]
TEXT = st.lists(st.sampled_from(SPECIAL) | st.text(max_size=5), max_size=8).map("".join) | st.text()
UUID = "0d1c2e3f-0000-4000-8000-000000000001"


def parsed(data: bytes) -> Command:
    """The one command that the switch reads in `data`."""
    (command,) = read_packets(data)
    return command


def sent(builder, *arguments, **named) -> Command | None:
    """The command, or None where the builder refuses the value."""
    try:
        data = builder(*arguments, **named)
    except UnsafeValue:
        return None
    return parsed(data)


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


# -- one command, whatever the value -------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (commands.connect(), b"connect"),
        (commands.add_filter("Unique-ID", UUID), f"filter Unique-ID {UUID}".encode()),
        (commands.remove_filter("Unique-ID", UUID), f"filter delete Unique-ID {UUID}".encode()),
        (commands.subscribe(["DTMF", "RECORD_STOP"]), b"event plain DTMF RECORD_STOP"),
        (commands.linger(10), b"linger 10"),
        (commands.answer(UUID), f"api uuid_answer {UUID}".encode()),
        (commands.schedule_hangup(UUID, 5, "X"), f"api sched_hangup +5 {UUID} X".encode()),
        (
            commands.record_control(UUID, "stop", "/r/a.wav"),
            f"api uuid_record {UUID} stop /r/a.wav".encode(),
        ),
    ],
)
def test_plain_commands(data, line):
    assert parsed(data) == Command(line, [])


@given(TEXT)
def test_password(password):
    command = sent(commands.auth, password)
    assert command is None or command == Command(b"auth " + utf8(password), [])


@given(TEXT, TEXT)
def test_api_arguments(first, second):
    command = sent(commands.api, "x", first, second)
    line = utf8(f"api x {first} {second}")
    assert command is None or command == Command(line, [])


@given(TEXT)
def test_line_breaks_are_what_is_refused_in_an_api_argument(text):
    refused = sent(commands.api, "x", text) is None
    assert refused == any(mark in text for mark in "\r\n\0")


@given(TEXT, TEXT)
@example("playback", " ")
def test_execute(application, argument):
    command = sent(commands.execute, application, argument, event_uuid=UUID)
    if command is None:
        return
    assert command.line == b"sendmsg"
    assert command.body == b""
    headers = dict(command.headers)
    assert len(headers) == len(command.headers) == (4 if argument.strip(" ") else 3)
    assert headers.pop(b"call-command") == b"execute"
    assert headers.pop(b"execute-app-name") == utf8(application)
    assert headers.pop(b"event-uuid") == UUID.encode()
    given_argument = headers.pop(b"execute-app-arg", b"")
    assert given_argument == utf8(argument).lstrip(b" ")
    assert b"${" not in given_argument
    assert not headers


@given(TEXT)
def test_plain_arguments_are_not_refused(argument):
    assume(not any(mark in argument for mark in ("\r", "\n", "\0", "${")))
    assert sent(commands.execute, "playback", argument, event_uuid=UUID) is not None


@pytest.mark.parametrize("argument", ["${x}", "\\${x}", "$${x}", "a${", "x\ny", "x\ry", "x\0y"])
def test_what_the_switch_would_expand_or_split_is_refused(argument):
    with pytest.raises(UnsafeValue):
        commands.execute("set", argument, event_uuid=UUID)
    with pytest.raises(UnsafeValue):
        commands.set_variables(UUID, {"x": argument})


@given(TEXT)
def test_hangup(cause):
    command = sent(commands.hangup, cause)
    if command is not None:
        assert command.headers == [(b"call-command", b"hangup"), (b"hangup-cause", utf8(cause))]


@given(TEXT, st.dictionaries(TEXT | st.sampled_from(["a", "b", "c"]), TEXT, min_size=1))
@example("u", {"a": "1\\", "b": "2"})
@example("u", {"a": "it's", "b": "it's"})
@example("u", {"a": "1;b=2"})
@example("u", {"a": " 1 ", "b": "", "c": "3"})
def test_set_variables(uuid, values):
    command = sent(commands.set_variables, uuid, values)
    if command is None:
        return
    assert b"${" not in command.line
    assert command.line.startswith(utf8(f"api uuid_setvar_multi {uuid} "))
    pairs = uuid_setvar_multi(command.line)
    assert pairs == [(utf8(name), utf8(value).rstrip(b" ")) for name, value in values.items()]


@pytest.mark.parametrize("value", ["a b", "PCMU,opus", "none", "", "a=b", "swml:1-2"])
def test_usual_variables_are_not_refused(value):
    assert sent(commands.set_variables, UUID, {"absolute_codec_string": value}) is not None


@given(TEXT)
def test_a_word_is_one_argument(text):
    try:
        commands.word(text)
    except UnsafeValue:
        return
    assert text.split() == [text]
    assert not set(text) & set("{}[],|'\"\\^$!\0\n\r\x1b\x7f")


@pytest.mark.parametrize(
    "text",
    [*("", " ", "a b", "a\tb", "a\0b", "a\nb"), *("a,b", "a|b", "{a}", "'a'", "^^:a", "a!b", "$a")],
)
def test_no_word(text):
    with pytest.raises(UnsafeValue) as caught:
        commands.word(text)
    assert isinstance(caught.value, SwitchError)
    assert isinstance(caught.value, ValueError)


@given(TEXT)
def test_speakable_text_can_always_be_spoken(text):
    spoken = commands.speakable(text)
    command = sent(commands.execute, "speak", f"flite|kal|{spoken}", event_uuid=UUID)
    assert command is not None
    engine, voice, rest = dict(command.headers)[b"execute-app-arg"].split(b"|")
    assert (engine, voice) == (b"flite", b"kal")
    assert rest == utf8(spoken)
    assert commands.speakable(spoken) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (" Hello\nworld ", "Hello world"),
        ("5 ${system(x)}", "5 $ {system(x)}"),
        ("a|b", "a b"),
        ("$|{x}", "$ {x}"),
        ("$\0{x}", "$ {x}"),
        ("it's 5 $", "it's 5 $"),
    ],
)
def test_speakable(text, spoken):
    assert commands.speakable(text) == spoken


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hello", "tts://flite|kal|hello"),
        ("{rate=9}fast", "tts://flite|kal|rate=9}fast"),
        ("a\\nb|c", "tts://flite|kal|a nb c"),
    ],
)
def test_speech_file(text, name):
    assert commands.speech_file("flite", "kal", text) == name


# -- recordings ----------------------------------------------------------------------------------


VARIABLES = st.dictionaries(
    st.text("AZaz09_-", min_size=1, max_size=8),
    TEXT.filter(bool),
    min_size=1,
    max_size=4,
)


def started(options: dict[str, str]):
    data = commands.record_start(UUID, "/recordings/a.wav", 12, options)
    return uuid_record_start(parsed(data).line)


@given(VARIABLES)
@example({"a": "x,record_post_process_exec_app=system:touch /tmp/x", "b": "2"})
@example({"a": "x}", "b": "2"})
@example({"a": "it's", "b": "it's"})
@example({"a": " x \\", "b": "\0"})
def test_recording_variables_come_back_as_they_were(options):
    """Through the switch's parsing, into its event and out of ours: nothing added, nothing lost."""
    start = started(options)
    assert (start.uuid, start.path, start.limit) == (UUID.encode(), b"/recordings/a.wav", 12)
    on_the_wire = {
        name.decode(): switch_url_encode(value) for name, value in start.variables.items()
    }
    assume(b"_undef_" not in on_the_wire.values())
    assert {name: decode(value) for name, value in on_the_wire.items()} == {
        name: value.encode("utf-8", "replace").decode() for name, value in options.items()
    }


def test_the_model_of_the_switch_falls_for_values_that_are_encoded_once():
    """Why they are encoded twice: this one starts a program on a real switch."""
    value = "x,record_post_process_exec_app=system:touch /tmp/x"
    once = f"api uuid_record {UUID} start /r/a.wav 0 {{control={quote(value, safe='')}}}"
    assert uuid_record_start(once.encode()).variables == {
        b"control": b"x",
        b"record_post_process_exec_app": b"system:touch /tmp/x",
    }
    cut = f"api uuid_record {UUID} start /r/a.wav 0 {{control=a%00b,RECORD_STEREO=true}}"
    assert uuid_record_start(cut.encode()).variables == {}


@pytest.mark.parametrize("name", ["", "a=b", "a b", "a%2Cb", "a,b", "^^:a", "a}"])
def test_no_name_of_a_variable(name):
    with pytest.raises(UnsafeValue):
        commands.variables({name: "x"})


@given(TEXT, TEXT)
def test_paths_and_calls_of_recordings(uuid, path):
    assume(len(uuid) and len(path))
    command = sent(commands.record_start, uuid, path, 0, {"a": "b"})
    if command is not None:
        start = uuid_record_start(command.line)
        assert (start.uuid, start.path) == (utf8(uuid), utf8(path))
        assert start.variables == {b"a": b"b"}


# -- the model itself ----------------------------------------------------------------------------


def test_model_sees_a_second_command():
    first, second = read_packets(b"api status\n\nexit\n\n")
    assert (first.line, second.line) == (b"api status", b"exit")


def test_model_sees_a_smuggled_header_and_body():
    (command,) = read_packets(b"sendmsg\nexecute-app-arg: x\r\ncontent-length: 3\n\nabc")
    assert command.body == b"abc"
    with pytest.raises(AssertionError, match="waits"):
        read_packets(b"sendmsg\ncontent-length: 9\n\nabc")
    with pytest.raises(AssertionError, match="waits"):
        read_packets(b"api status\n")


@pytest.mark.parametrize(
    ("text", "decoded"), [(b"a%2Cb", b"a,b"), (b"100%", b"100%"), (b"%4", b"%4"), (b"%zz", b"%zz")]
)
def test_model_decodes(text, decoded):
    assert switch_url_decode(text) == decoded
