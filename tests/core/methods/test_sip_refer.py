"""sip_refer: what its codes mean, and what is sent."""

import pytest

from adapter.freeswitch import commands
from adapter.freeswitch.errors import UnsafeValue
from adapter.freeswitch.wire import Event
from adapter.methods.sip_refer import Outcome, SipRefer, _credentials, _read, _send, _target
from adapter.swml.errors import ScriptError

STEP = "swml:s1/7"


@pytest.mark.parametrize(
    ("answered", "notified", "settled", "success", "handed_over"),
    [
        ("", "", False, False, False),
        ("100", "", False, False, False),
        ("202", "", False, False, True),
        ("200", "", False, False, True),
        ("202", "200", True, True, True),
        ("202", "486", True, False, False),
        ("202", "603", True, False, False),
        ("403", "", True, False, False),
        ("501", "", True, False, False),
        ("408", "", True, False, False),
        ("", "200", True, True, True),
    ],
)
def test_outcomes(
    answered: str, notified: str, settled: bool, success: bool, handed_over: bool
) -> None:
    outcome = Outcome(answered, notified)
    assert outcome.settled is settled
    assert outcome.succeeded() is success
    assert outcome.succeeded(hung_up=True) is handed_over


def test_the_codes_of_a_calls_last_event() -> None:
    event = Event(b"variable_sip_refer_status_code: 202\n")
    assert _read(event) == Outcome("202", "")


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:alice@example.com", "sip:alice@example.com"),
        (" SIP:alice@example.com:5080;transport=tcp ", "SIP:alice@example.com:5080;transport=tcp"),
        ("+15551234567@10.0.0.1", "sip:+15551234567@10.0.0.1"),
        ("sip:[::1]:5060", "sip:[::1]:5060"),
    ],
)
def test_targets(text: str, uri: str) -> None:
    assert _target(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        *("", "sip:", "a b", "sip:a@b>\r\nX: y", "sip:a@b\r\n\r\nexit"),
        *("sips:a@b", "tel:1", "<sip:a@b>"),
    ],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ScriptError, match="SIP URI"):
        _target(text)


@pytest.mark.parametrize("uri", ["sip:a b", "sip:a>b", 'sip:"a"', "sip:a\nb"])
def test_what_is_never_sent(uri: str) -> None:
    with pytest.raises(UnsafeValue):
        commands.deflect("uuid", uri)


@pytest.mark.parametrize(
    ("user", "password", "sent"),
    [
        ("carol", "p w:x", True),
        ("", "x", False),
        ("carol", None, False),
        *(("carol", bad, None) for bad in ("a;b=c", "${x}", "a\nb", "a'b", "a\\b", 'a"b', "a]b/c")),
        ("a:b", "x", None),
    ],
)
def test_who_refers(user, password, sent) -> None:
    params = SipRefer(to_uri="sip:a@b", username=user, password=password)
    if sent is None:
        with pytest.raises(ScriptError, match="username and password"):
            _credentials(params)
    else:
        wanted = {"sip_auth_username": user, "sip_auth_password": password} if sent else {}
        assert _credentials(params) == wanted


@pytest.mark.parametrize(("before", "sent"), [("", True), ("swml:s1/6", True), (STEP, False)])
def test_it_is_sent_once_though_we_die(world, before: str, sent: bool) -> None:
    world.identity = world.identity.__class__("call-1", "n", "swml:s1", "p", "s")
    world.call.variable = {"swml_refer": before}.get
    _send(world, "sip:a@b")
    assert ("uuid_deflect call-1 sip:a@b" in world.call.done) is sent
