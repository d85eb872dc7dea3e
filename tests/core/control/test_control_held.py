"""Commands that the step does which holds a call for its clients: pay, faxes, an echo, hold."""

from types import SimpleNamespace

import pytest
from gevent.event import Event as Flag
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from adapter.conferences.entry import STAY_VARIABLE
from adapter.control import held as commands
from adapter.control.errors import ControlError, Invalid, NotPossible
from adapter.freeswitch.errors import CommandFailed
from adapter.methods import commanded
from adapter.methods.relay import HELD, Held
from adapter.queues.kept import QUEUE_VARIABLE
from adapter.recording.state import State
from adapter.relay import sessions
from adapter.store.rows import FAX
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError

WHO = sessions.resumed_or_new("one", None)
PAY = {"payment_connector_url": "https://example.com/pay"}
ENDS = ("calling.echo.stop", "calling.unhold", "calling.queue.leave")
LEAVES = ("calling.leave_conference", "calling.leave_room")
RESULTS = {"payment_token": None, "payment_card_number": "************1111"}


def do(world, name, /, **params):
    return world.commander.run("one", "call-1", name, params, by=WHO)


class Context:
    """What the commands use of a call's."""

    def __init__(self):
        self.running, self.variables, self.told = {}, {}, []
        self.step, self.control_id = 1, ""

    def in_step(self, step, _variables, *, control_id=""):
        self.step, self.control_id = step, control_id
        return self

    def tell(self, to, kind, /, **params):
        self.told.append((to, kind, params))


@pytest.fixture
def context(world):
    world.control.context = Context()
    return world.control.context


@pytest.fixture
def held(context):
    found = context.running[HELD] = Held(SimpleNamespace(news=Flag()))
    return found


def test_only_a_call_that_clients_hold_takes_them(world, context):
    for command in commands.COMMANDS:
        assert command.relay_only
        if command.name in (*ENDS, *LEAVES):
            continue
        params = {"document": "x", "name": "sales", "queue_name": "sales", **PAY}
        with pytest.raises(NotPossible, match=r"calling\.transfer"):
            do(world, command.name, **params)


@pytest.mark.parametrize(
    ("result", "state", "outcome"),
    [
        (Result({"pay_result": "success", "pay_payment_results": RESULTS}), "finished", "success"),
        (
            Result(
                {"pay_result": "internal-error", "pay_payment_results": RESULTS},
                error=ScriptError(Code.EXECUTE_FAILED, "no"),
            ),
            "error",
            "internal-error",
        ),
    ],
    ids=["paid", "not paid"],
)
def test_a_payment_is_told_under_its_control_id(
    world, context, held, monkeypatch, result, state, outcome
):
    steps = []
    monkeypatch.setattr(
        commands.pay, "perform", lambda context, params: steps.append(context.step) or result
    )
    for _ in range(2):
        do(world, "calling.pay", control_id="c", timeout="20", security_code="false", **PAY)
        assert held.run_next(context)
    assert not held.run_next(context)
    assert steps[0] == steps[1] < 0, "the same command again has the same transaction"
    assert context.told[0] == (
        None,
        "calling.call.pay",
        {"control_id": "c", "state": state, "result": outcome, **RESULTS},
    )


def test_what_cannot_be_done_is_told_as_an_error(world, context, held, monkeypatch):
    def fail(*_, **__):
        raise ScriptError(Code.EXECUTE_FAILED, "no fax here")

    monkeypatch.setattr(commands.receive_fax, "perform", fail)
    do(world, "calling.receive_fax", control_id="c")
    held.run_next(context)
    ((_, kind, params),) = context.told
    assert (kind, params["state"], params["control_id"]) == ("calling.call.fax", "error", "c")
    assert "no fax here" in params["error"]


def test_a_call_with_which_something_is_done_is_not_put_on_hold(world, context, held):
    def refused(_):
        with pytest.raises(NotPossible, match="Something else"):
            do(world, "calling.hold")

    held.do(refused)
    assert held.run_next(context)
    assert not held.busy


@pytest.mark.parametrize("name", ENDS)
def test_there_is_nothing_to_end(world, held, name):
    with pytest.raises(ControlError, match=r"There is no|is in no|is not in"):
        do(world, name, conference_id="c", queue_name="sales")


def test_what_is_no_payment_is_refused_at_once(world, held):
    with pytest.raises(Invalid, match="payment_connector_url"):
        do(world, "calling.pay")
    assert held.next() is None


class Faxes:
    """One that went on while nobody was here."""

    archive = None

    def __init__(self, row):
        self.row, self.asked = row, 0

    def last_commanded(self, _):
        self.asked += 1
        return self.row

    def results(self, method, _row):
        names = ("document", "identity", "remote_identity", "pages", "result_code", "result_text")
        return {**{f"{method}_{name}": name for name in names}, f"{method}_result": "success"}


def back(context, **variables):
    """The call as it comes to us."""
    context.identity = SimpleNamespace(event_channel="swml:s")
    context.call = SimpleNamespace(
        variable=lambda name: variables.get(name, ""),
        set_variables=variables.update,
        uuid="call-1",
    )
    return variables


@pytest.mark.parametrize(("alone", "times"), [("true", 1), ("", 0)])
def test_a_fax_that_went_on_alone_is_told_when_the_call_is_back(context, monkeypatch, alone, times):
    row = SimpleNamespace(
        options={FAX: {"step": -7, "success": True}},
        control_id="c",
        direction="send",
        state=State.FINISHED,
    )
    faxes = Faxes(row)
    back(context, swml_fax=alone)
    context.shared = SimpleNamespace(media=SimpleNamespace(faxes=faxes))
    monkeypatch.setattr(commanded, "resumed", lambda step: row)
    for _ in range(2):
        commanded.take_up(context)
    assert faxes.asked == times, "once for a call that came back"
    told = [(kind, params["control_id"], params["state"]) for _, kind, params in context.told]
    assert told == [("calling.call.fax", "c", "finished")] * times


def test_a_call_that_left_a_room_without_us_outlives_us_as_before(context):
    left = []
    queues = SimpleNamespace(leave=lambda stay, *, though_taken: left.append((stay, though_taken)))
    faxes = Faxes(None)
    context.shared = SimpleNamespace(queues=queues, media=SimpleNamespace(faxes=faxes))
    variables = back(
        context,
        **{
            STAY_VARIABLE: "swml:s/-5~queue-1 on-its-own true",
            QUEUE_VARIABLE: "swml:s/-5 other q",
            "socket_resume": "false",
        },
    )
    commanded.take_up(context)
    assert (variables["socket_resume"], variables[STAY_VARIABLE]) == ("true", "")
    assert left == [("swml:s/-5", True)]


def test_what_a_document_began_is_left_to_it(context):
    context.shared = SimpleNamespace()
    known = {
        STAY_VARIABLE: "swml:s/5 on-its-own true",
        QUEUE_VARIABLE: "swml:s/5 other q",
        "socket_resume": "true",
    }
    variables = back(context, **known)
    commanded.take_up(context)
    assert variables == known


def test_what_fails_is_logged_with_its_control_id():
    def refuse(_):
        raise CommandFailed("rxfax", "-ERR no such thing")

    with capture_logs(processors=[merge_contextvars]) as logs:
        commanded.do(Context(), "mine", "fax", refuse, lambda *_: None)
    (failed,) = [line for line in logs if line["event"] == "what a client commanded has failed"]
    assert failed["control_id"] == "mine"
