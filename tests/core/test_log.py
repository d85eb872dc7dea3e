"""Logs: form, level, and no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from adapter.freeswitch import commands, dial_strings
from adapter.freeswitch.dial_strings import Leg
from adapter.journal_text import command_text
from adapter.log import configure, hide_credentials


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield io.StringIO()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_json_line_with_ids(output: io.StringIO) -> None:
    configure(stream=output)
    structlog.get_logger().bind(call_id="c1").info("recording started", recording_id="r1")
    (line,) = lines(output)
    assert line["event"] == "recording started"
    assert (line["call_id"], line["recording_id"], line["level"]) == ("c1", "r1", "info")
    assert str(line["timestamp"]).endswith("Z")


def test_level(output: io.StringIO) -> None:
    configure(level="warning", stream=output)
    log = structlog.get_logger()
    log.info("quiet")
    log.warning("heard")
    assert [line["event"] for line in lines(output)] == ["heard"]


def test_secrets_are_hidden(output: io.StringIO) -> None:
    configure(stream=output)
    structlog.get_logger().info(
        "fetch of https://user:hunter2@host/a failed",
        password="hunter2",
        signing_key="hunter2",
        url="http://user:hunter2@host/a?sig=hunter2&page=2",
        headers={"Authorization": "hunter2", "Accept": "*/*"},
        tried=["http://x:hunter2@host/"],
    )
    assert "hunter2" not in output.getvalue()
    (line,) = lines(output)
    assert line["event"] == "fetch of https://host/a failed"
    assert line["url"] == "http://host/a?sig=[hidden]&page=2"
    assert line["headers"] == {"Authorization": "[hidden]", "Accept": "*/*"}


def test_error_text_is_one_line_without_credentials(output: io.StringIO) -> None:
    configure(stream=output)
    try:
        raise ValueError("http://user:hunter2@host/")
    except ValueError:
        structlog.get_logger().exception("step broke")
    (line,) = lines(output)
    assert "ValueError" in str(line["exception"])
    assert "hunter2" not in str(line["exception"])


def test_other_libraries_come_out_the_same(output: io.StringIO) -> None:
    configure(stream=output)
    logging.getLogger("some.library").warning("pool of %s is full", "http://u:hunter2@host")
    logging.getLogger("some.library").info("not heard")
    (line,) = lines(output)
    assert line["event"] == "pool of http://host is full"
    assert line["level"] == "warning"


def test_console_form(output: io.StringIO) -> None:
    configure(style="console", stream=output)
    structlog.get_logger().info("recording started", call_id="c1")
    assert "recording started" in output.getvalue()
    assert "call_id=c1" in output.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("a@b.c is not an address", "a@b.c is not an address"),
        ("http://host/path@x", "http://host/path@x"),
        ("https://u:p@ss@host/", "https://host/"),
        ("?token=abc", "?token=[hidden]"),
    ],
)
def test_hide_credentials(text: str, shown: str) -> None:
    assert hide_credentials(text) == shown


@pytest.mark.parametrize(
    "password", ["hush", "a;hush", "a,b=hush", "a [hush] b", "'hush\\hush", "|hush"]
)
def test_the_password_of_a_leg_is_hidden(password: str, output: io.StringIO) -> None:
    leg = Leg(
        "leg-1", "sofia/internal/sip:a@b", {"sip_auth_password": password, "leg_timeout": "7"}
    )
    command = commands.execute("bridge", dial_strings.for_bridge([[leg, leg]]), event_uuid="e")
    assert b"hush" in command
    configure("debug", stream=output)
    structlog.get_logger("passwords").debug("switch commands", commands=[command])
    logged = output.getvalue()
    assert "hush" not in logged
    assert logged.count("leg_timeout=7]sofia/internal/sip:a@b") == 2
    assert "hush" not in command_text(command.decode())


def test_a_password_by_which_a_call_answers_a_challenge_is_hidden():
    command = b"api uuid_setvar_multi call a=b;sip_auth_username=u;sip_auth_password=p w:x,y;c=d"
    shown = [hide_credentials(command.decode())]
    assert shown == [
        "api uuid_setvar_multi call a=b;sip_auth_username=u;sip_auth_password=[hidden];c=d"
    ]
