"""The life of a recording, over every state, every input and every order."""

from itertools import pairwise, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.recording.pauses import Behavior
from adapter.recording.state import (
    Action,
    Closed,
    Digit,
    Examined,
    Failure,
    HungUp,
    Input,
    Machine,
    Overdue,
    Paused,
    Reason,
    Refused,
    Resumed,
    Started,
    State,
    Stop,
)

REFUSAL = Failure("record_refused", "no")
BROKEN = Failure("file_missing", "gone")
LIVE = [State.STARTING, State.RECORDING, State.PAUSED, State.STOPPING]
FINAL = [State.FINISHED, State.NO_INPUT, State.ERROR]
INPUTS: list[Input] = [
    Started(),
    Refused(REFUSAL),
    Stop(),
    Stop(Reason.MAX_LENGTH),
    Digit("#"),
    Digit("1"),
    Paused(Behavior.SKIP),
    Paused(Behavior.SILENCE),
    Resumed(),
    HungUp(),
    Closed("success-maxtime"),
    Closed("success-silence", hung_up=True),
    Closed("no-input-timeout"),
    Closed("uri-failure"),
    Overdue(),
    Examined(),
    Examined(BROKEN),
]


def machine(state: State = State.STARTING, **options: object) -> Machine:
    behavior = Behavior.SKIP if state is State.PAUSED else None
    return Machine(terminators="#", state=state, behavior=behavior, **options)


def steps(it: Machine, event: Input) -> list[tuple[Action, State]]:
    """What to do, each with the state that the machine shows while it is done."""
    return [(action, it.state) for action in it.handle(event)]


# -- the table -----------------------------------------------------------------------------------

A, STOP, CONCLUDE = Action.ANNOUNCE, Action.STOP, Action.CONCLUDE
STARTING, RECORDING, PAUSED, STOPPING = LIVE
ERROR = State.ERROR

REFUSED = {Refused(REFUSAL)}
STOPS = {Stop(), Stop(Reason.MAX_LENGTH), Digit("#")}
PAUSES = {Paused(Behavior.SKIP), Paused(Behavior.SILENCE)}
CLOSES = {event for event in INPUTS if isinstance(event, Closed)} | {Overdue()}

Done = list[tuple[Action, State]]
TABLE: dict[State, list[tuple[set[Input], State, Done]]] = {
    STARTING: [
        ({Started()}, RECORDING, [(A, RECORDING)]),
        (REFUSED, ERROR, [(A, ERROR)]),
        (CLOSES, RECORDING, [(A, RECORDING), (CONCLUDE, RECORDING)]),
    ],
    RECORDING: [
        (PAUSES, PAUSED, [(A, PAUSED)]),
        (STOPS, STOPPING, [(STOP, STOPPING)]),
        ({HungUp()}, STOPPING, []),
        (REFUSED, ERROR, [(A, ERROR)]),
        (CLOSES, RECORDING, [(CONCLUDE, RECORDING)]),
    ],
    PAUSED: [
        ({Resumed()}, RECORDING, [(A, RECORDING)]),
        ({Paused(Behavior.SILENCE)}, PAUSED, [(A, PAUSED)]),
        (STOPS, STOPPING, [(STOP, STOPPING)]),
        ({HungUp()}, STOPPING, []),
        (REFUSED, ERROR, [(A, ERROR)]),
        (CLOSES, PAUSED, [(CONCLUDE, PAUSED)]),
    ],
    STOPPING: [
        (REFUSED, ERROR, [(A, ERROR)]),
        (CLOSES, STOPPING, [(CONCLUDE, STOPPING)]),
    ],
}
"""What follows from which input; every other input changes and does nothing."""


def expected(state: State, event: Input) -> tuple[State, Done]:
    """The state after `event`, and what is done on the way there."""
    found = ((after, done) for events, after, done in TABLE[state] if event in events)
    return next(found, (state, []))


@pytest.mark.parametrize("event", INPUTS, ids=repr)
@pytest.mark.parametrize("state", LIVE)
def test_every_input_in_every_state(state, event):
    it = machine(state)
    after, done = expected(state, event)
    assert steps(it, event) == done
    assert it.state is after


@pytest.mark.parametrize("event", INPUTS, ids=repr)
@pytest.mark.parametrize("state", FINAL)
def test_a_final_state_is_final(state, event):
    it = machine(state)
    assert steps(it, event) == []
    assert (it.state, it.reason, it.failure) == (state, None, None)
    assert state.final


@pytest.mark.parametrize("event", INPUTS, ids=repr)
@pytest.mark.parametrize("state", LIVE)
def test_every_input_while_the_file_is_examined(state, event):
    it = machine(state)
    list(it.handle(Closed("success-maxtime")))
    before = it.state
    match event:
        case Examined(failure):
            last = ERROR if failure else State.FINISHED
            assert steps(it, event) == [(A, last)]
            assert it.failure == failure
        case Refused():
            assert steps(it, event) == [(A, ERROR)]
        case _:
            assert steps(it, event) == []
            assert it.state in (before, STOPPING)


# -- why it ended --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "listens", "hung_up", "reason", "state"),
    [
        ("success-maxtime", False, False, Reason.MAX_LENGTH, State.FINISHED),
        ("success-maxtime", True, False, Reason.MAX_LENGTH, State.FINISHED),
        ("success-silence", True, False, Reason.END_SILENCE, State.FINISHED),
        ("success-silence", True, True, Reason.HANGUP, State.FINISHED),
        ("success-silence", False, False, Reason.SWITCH, State.FINISHED),
        ("no-input-timeout", True, False, Reason.INITIAL_TIMEOUT, State.NO_INPUT),
        ("no-input-timeout", True, True, Reason.HANGUP, State.FINISHED),
        ("no-input-timeout", False, False, Reason.SWITCH, State.FINISHED),
        ("empty-file", False, False, Reason.SWITCH, State.FINISHED),
        ("", False, False, Reason.SWITCH, State.FINISHED),
        ("uri-failure", False, False, Reason.SWITCH, State.ERROR),
    ],
)
def test_what_the_switch_says_of_the_end(cause, listens, hung_up, reason, state):
    it = machine(RECORDING, listens_for_silence=listens)
    list(it.handle(Closed(cause, hung_up)))
    list(it.handle(Examined()))
    assert (it.reason, it.state) == (reason, state)
    assert (it.failure is not None) == (state is ERROR)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Stop(), Reason.STOPPED),
        (Stop(Reason.MAX_LENGTH), Reason.MAX_LENGTH),
        (Digit("#"), Reason.TERMINATOR),
        (HungUp(), Reason.HANGUP),
    ],
)
@pytest.mark.parametrize("cause", ["success-maxtime", "no-input-timeout", "success-silence"])
def test_our_own_reason_outranks_the_cause(event, reason, cause):
    it = machine(RECORDING, listens_for_silence=True)
    for each in (event, Closed(cause), Examined()):
        list(it.handle(each))
    assert (it.reason, it.state) == (reason, State.FINISHED)


def test_the_file_counts_when_nothing_is_heard_of_the_end():
    it = machine(STOPPING)
    assert steps(it, Overdue()) == [(CONCLUDE, STOPPING)]
    list(it.handle(Examined(BROKEN)))
    assert (it.state, it.reason, it.failure) == (ERROR, Reason.SWITCH, BROKEN)


def test_what_the_switch_failed_at_outranks_the_file():
    it = machine(RECORDING)
    list(it.handle(Closed("uri-failure")))
    list(it.handle(Examined(BROKEN)))
    assert it.failure is not None
    assert it.failure.code == "write_failed"


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([Paused(Behavior.SKIP), Resumed()], [("paused", "skip"), ("recording", None)]),
        (
            [Paused(Behavior.SKIP), Paused(Behavior.SKIP), Paused(Behavior.SILENCE), Resumed()],
            [("paused", "skip"), ("paused", "silence"), ("recording", None)],
        ),
        ([Resumed(), Resumed()], []),
        ([Paused(Behavior.SILENCE), Stop()], [("paused", "silence")]),
    ],
    ids=repr,
)
def test_what_is_told_of_pauses(events, told):
    it = machine(RECORDING)
    said = [
        (str(it.state), it.behavior)
        for event in events
        for action in it.handle(event)
        if action is A
    ]
    assert said == told


# -- any order -----------------------------------------------------------------------------------


class Log:
    """A recorder without a switch: what was done, in order; the file is examined at once."""

    def __init__(self, it: Machine, verdict: Examined | None) -> None:
        self.it = it
        self.verdict = verdict
        self.done: list[tuple[Action, State]] = []

    def take(self, event: Input) -> None:
        for action in self.it.handle(event):
            self.done.append((action, self.it.state))
            if action is CONCLUDE and self.verdict:
                self.take(self.verdict)

    @property
    def announced(self) -> list[State]:
        return [state for action, state in self.done if action is A]

    def count(self, action: Action) -> int:
        return sum(1 for each, _ in self.done if each is action)


@pytest.mark.parametrize("verdict", [None, Examined(), Examined(BROKEN)], ids=repr)
@given(events=st.lists(st.sampled_from(INPUTS), max_size=14), listens=st.booleans())
@example(events=[HungUp(), Started(), Closed("")], listens=False)
@example(events=[Stop(), Started(), Stop(), Closed(""), Closed("")], listens=False)
@example(events=[Overdue(), Started()], listens=False)
@example(events=[Examined(), Started()], listens=False)
def test_any_order_keeps_the_rules(verdict, events, listens):
    log = Log(machine(listens_for_silence=listens), verdict)
    reasons = []
    for event in events:
        final = log.it.state.final
        before = len(log.done)
        log.take(event)
        assert not final or len(log.done) == before
        reasons.append(log.it.reason)

    assert log.count(STOP) <= 1
    assert log.count(CONCLUDE) <= 1
    assert sum(state.final for state in log.announced) <= 1
    assert all(state.final for state in log.announced[-1:] if log.it.state.final)
    assert STARTING not in log.announced
    assert STOPPING not in log.announced
    if log.announced and log.announced != [ERROR]:
        assert log.announced[0] is RECORDING
    if log.announced == [ERROR]:
        assert any(isinstance(event, Refused) for event in events)
    assert all(a is not b or a is PAUSED for a, b in pairwise(log.announced))
    actions = [action for action, _ in log.done]
    if CONCLUDE in actions:
        assert STOP not in actions[actions.index(CONCLUDE) :]
    known = [reason for reason in reasons if reason]
    assert len(set(known)) <= 1


@given(st.lists(st.sampled_from(INPUTS), max_size=10))
def test_every_recording_comes_to_an_end(events):
    log = Log(machine(), Examined())
    for event in [*events, Started(), Stop(), Overdue()]:
        log.take(event)
    assert log.it.state.final
    assert log.announced[-1] is log.it.state


@pytest.mark.parametrize("order", list(permutations([Started(), Stop(), Closed("x")])), ids=repr)
def test_the_story_is_the_same_however_the_news_overtake_each_other(order):
    log = Log(machine(), Examined())
    for event in order:
        log.take(event)
    assert log.announced == [RECORDING, State.FINISHED]


def test_a_stop_that_overtakes_the_start_is_done_after_it():
    it = machine()
    assert steps(it, Stop()) == []
    assert steps(it, Started()) == [(A, RECORDING), (STOP, STOPPING)]


def test_a_hangup_that_overtakes_the_start_needs_no_stop():
    it = machine()
    list(it.handle(HungUp()))
    assert steps(it, Started()) == [(A, RECORDING)]
    assert it.state is STOPPING
