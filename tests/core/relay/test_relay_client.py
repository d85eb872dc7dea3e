"""A client's connection: login, topics, commands, events, and what hostile ones do with it."""

import gevent
import pytest

from adapter.relay import frames, sessions
from adapter.relay.client import MOST_FAULTS, MOST_TOPICS, MOST_UNSEEN

DEADLINE = 5
EVENT = {"event_type": "calling.call.state", "params": {"call_id": "c"}}


def protocol_of(line):
    return line.welcome["result"]["protocol"]


def until(true):
    with gevent.Timeout(DEADLINE):
        while not true():
            gevent.sleep(0.001)


def test_a_client_logs_in_and_gets_its_protocol(worker):
    line = worker.log_in(contexts=["office"], version={"major": 2})
    welcome = line.welcome["result"]
    assert welcome["authorization"]["signature"] == welcome["protocol"].split("_")[1]
    assert worker.clients.of_topic("one", "office") == [welcome["protocol"]]
    assert worker.clients.of_topic("two", "office") == []
    line.hang_up()
    line.served.join(DEADLINE)
    assert worker.clients.of_topic("one", "office") == []


@pytest.mark.parametrize(
    "authentication",
    [
        {"project": "one", "token": "PT-wrong"},
        {"project": "two", "token": "PT-core-tests-relay"},
        {"project": "nobody", "token": "PT-core-tests-relay"},
        {"project": ["one"], "token": {"a": 1}},
        {"jwt_token": "x"},
        {"project": "\udcff", "token": "\udcff"},
        {},
        "one",
        None,
    ],
)
def test_a_stranger_is_turned_away(worker, authentication):
    line = worker.connect()
    answer = line.ask("signalwire.connect", authentication=authentication)
    assert answer["error"]["code"] == frames.AUTHENTICATION_FAILED  # others are tried again
    assert "PT-" not in answer["error"]["message"]
    line.served.join(DEADLINE)
    assert line.closed == 1008
    assert not len(worker.clients)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"id":"1","method":"calling.answer","params":{"call_id":"c"}}',
     '{"id":"1","result":{}}', '{"id":"1","method":"signalwire.connect","params":[]}'],
)  # fmt: skip
def test_nothing_is_done_before_the_login(worker, text):
    line = worker.connect()
    line.say(text)
    assert "error" in line.next()
    line.served.join(DEADLINE)
    assert line.closed == 1008
    assert worker.calls.done == []


def test_who_says_nothing_is_not_waited_for(worker):
    line = worker.connect()
    line.served.join(DEADLINE)
    assert line.closed == 1008


def test_topics_are_added_and_taken_back(worker):
    line = worker.log_in(contexts=["a"])
    assert line.ask("signalwire.receive", contexts=["b", "c"])["result"]["code"] == "200"
    assert line.ask("signalwire.unreceive", contexts=["a", "b"])["result"]["code"] == "200"
    found = [topic for topic in "abc" if worker.clients.of_topic("one", topic)]
    assert found == ["c"]
    for wrong in (None, "b", [5], ["x" * 300]):
        answer = line.ask("signalwire.receive", contexts=wrong)
        assert answer["error"]["code"] == frames.INVALID_PARAMS
    for number in range(3):
        line.ask("signalwire.receive", contexts=[f"{number}-{n}" for n in range(MOST_TOPICS // 2)])
    assert not worker.clients.of_topic("one", "2-0")


def test_pings_are_answered(worker):
    line = worker.log_in()
    assert line.ask("signalwire.ping", timestamp=5)["result"] == {"timestamp": 5}


def test_commands_of_a_call_keep_their_order_and_others_do_not_wait(worker):
    line = worker.log_in()
    for number, call in enumerate(("slow", "slow", "quick")):
        params = {"call_id": call, "node_id": "n", "control_id": str(number)}
        line.say({"id": number, "method": "calling.play", "params": params})
    answer = line.next()
    assert answer["id"] == 2
    assert answer["result"] == {
        "code": "200", "message": "OK", "call_id": "quick", "control_id": "2",
    }  # fmt: skip
    worker.calls.go_on.set()
    assert [line.next()["id"] for _ in range(2)] == [0, 1]
    assert worker.calls.done[0] == ("quick", "calling.play", {"control_id": "2"}, protocol_of(line))


def test_a_call_of_another_project_is_unknown(worker):
    line = worker.log_in("two", "PT-core-tests-relay-two")
    assert line.ask("calling.answer", call_id="c")["result"]["code"] == "404"
    assert worker.calls.done == []


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("calling.answer", {}, "400"),
        ("calling.answer", {"call_id": {"a": 1}}, "400"),
        ("calling.ai", {"call_id": "c"}, "409"),
        ("calling.", {"call_id": "c"}, "409"),
        ("calling." + "x" * 10_000, {"call_id": "c"}, "409"),
        ("calling.fail", {"call_id": "c"}, "500"),
    ],
)
def test_what_cannot_be_done_is_said(worker, method, params, code):
    result = worker.log_in().ask(method, **params)["result"]
    assert result["code"] == code
    assert len(result["message"]) < 200


def test_unknown_methods_and_broken_frames_do_not_end_the_connection(worker):
    line = worker.log_in()
    assert line.ask("messaging.send")["error"]["code"] == frames.METHOD_NOT_FOUND
    assert line.ask("signalwire.connect")["error"]["code"] == frames.METHOD_NOT_FOUND
    line.say("{")
    assert line.next()["error"]["code"] == frames.PARSE_ERROR
    assert line.ask("signalwire.ping")["result"]


def test_who_only_sends_rubbish_is_cut_off(worker):
    line = worker.log_in()
    for _ in range(MOST_FAULTS):
        line.say("{")
    line.served.join(DEADLINE)
    assert line.closed == 1006


def test_events_come_in_order_and_unseen_ones_again(worker):
    line = worker.log_in()
    who = protocol_of(line)
    for number in range(3):
        worker.exchange.post("one", who, {**EVENT, "n": number})
    told = [line.next() for _ in range(3)]
    assert [one["params"]["n"] for one in told] == [0, 1, 2]
    line.say({"id": told[0]["id"], "result": {}})
    line.ask("signalwire.ping")
    line.hang_up()
    line.served.join(DEADLINE)
    worker.exchange.post("one", who, {**EVENT, "n": 3})
    back = worker.log_in(protocol=who)
    assert protocol_of(back) == who
    assert [back.next()["params"]["n"] for _ in range(3)] == [1, 2, 3]


def test_a_protocol_is_no_key_to_another_projects_events(worker):
    line = worker.log_in()
    who = protocol_of(line)
    line.hang_up()
    line.served.join(DEADLINE)
    worker.exchange.post("one", who, EVENT)
    thief = worker.log_in("two", "PT-core-tests-relay-two", protocol=who)
    assert protocol_of(thief) != who
    assert thief.ask("signalwire.ping")["result"]


def test_the_latest_connection_has_the_protocol(worker):
    first = worker.log_in()
    second = worker.log_in(protocol=protocol_of(first))
    first.served.join(DEADLINE)
    assert first.closed == 1012
    worker.exchange.post("one", protocol_of(first), EVENT)
    assert second.next()["method"] == "signalwire.event"


def test_a_client_that_acknowledges_nothing_is_cut_off(worker):
    line = worker.log_in()
    deliver = worker.clients.deliver
    taken = sum(deliver("one", protocol_of(line), EVENT) for _ in range(MOST_UNSEEN + 10))
    assert taken <= MOST_UNSEEN
    line.served.join(DEADLINE)
    assert line.closed == 1006


def test_what_follows_an_event_waits_until_that_is_acknowledged(two_workers):
    one, other = two_workers
    line = one.log_in()
    for worker in (one, other):
        assert worker.exchange.deliver("one", protocol_of(line), EVENT, {**EVENT, "n": 2})
        offer = line.next()
        assert offer["params"] == EVENT
        assert "result" in line.ask("signalwire.ping")  # nothing came before the answer
        line.say({"id": offer["id"], "result": {}})
        assert line.next()["params"] == {**EVENT, "n": 2}


def test_reauthentication_is_for_the_same_project(worker):
    line = worker.log_in()
    again = {"project": "one", "token": "PT-core-tests-relay"}
    assert "result" in line.ask("signalwire.reauthenticate", authentication=again)
    for other in ({"project": "one", "token": "x"}, {**again, "project": "two"},
                  {"project": "two", "token": "PT-core-tests-relay-two"}):  # fmt: skip
        answer = line.ask("signalwire.reauthenticate", authentication=other)
        assert answer["error"]["code"] == frames.AUTHENTICATION_FAILED


def test_every_worker_reaches_every_client(two_workers):
    one, other = two_workers
    line = one.log_in(contexts=["office"])
    who = protocol_of(line)
    assert other.exchange.of_topic("one", "office") == [who]
    assert other.exchange.is_there("one", [who])
    assert not other.exchange.is_there("two", [who])
    assert other.exchange.deliver("one", who, EVENT)
    assert line.next()["params"] == EVENT
    line.hang_up()
    line.served.join(DEADLINE)
    other.exchange.post("one", who, {**EVENT, "n": 1})
    gevent.sleep(0.01)
    back = one.log_in(protocol=who)
    assert back.next()["params"]["event_type"] == "calling.call.state"
    assert not other.exchange.deliver("one", sessions.resumed_or_new("one", None), EVENT)
