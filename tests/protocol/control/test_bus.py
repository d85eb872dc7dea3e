"""Workers reach each other: a question has an answer, or a deadline."""

import itertools
import json
import os
import time
from pathlib import Path

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag

from adapter.control.bus import Bus, NoAnswer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whose path is too long for a Unix socket."""
    deep = tmp_path / ("d" * 90) / "bus"
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def join(folder):
    """A function that joins the bus under a name."""
    members = []

    def one(name, **handlers):
        bus = Bus(folder, name, handlers)
        bus.start()
        members.append(bus)
        return bus

    yield one
    for bus in members:
        bus.stop()


def test_a_question_is_answered(join):
    asking = join("a")
    join("b", double=lambda body: {"n": 2 * body["n"]})
    assert asking.peers() == ["b.sock"]
    assert asking.ask("b.sock", "double", {"n": 21}, 5) == {"n": 42}


def test_many_questions_at_once_get_their_own_answers(join):
    asking = join("a")
    turns = itertools.cycle((0.02, 0, 0.01))

    def late(body):
        gevent.sleep(next(turns))
        return body

    join("b", echo=late)
    tasks = [gevent.spawn(asking.ask, "b.sock", "echo", {"n": n}, 10) for n in range(300)]
    gevent.joinall(tasks, timeout=20)
    assert [task.value for task in tasks] == [{"n": n} for n in range(300)]


def test_a_large_answer_comes_whole(join):
    asking = join("a")
    join("b", echo=dict)
    text = "é\n" * 700_000
    assert asking.ask("b.sock", "echo", {"text": text}, 20) == {"text": text}


def test_no_answer_in_time(join):
    asking = join("a")
    never = Flag()
    join("b", wait=lambda body: never.wait(30))
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        asking.ask("b.sock", "wait", {}, 0.05)
    assert time.monotonic() - began < 5


def test_a_handler_that_fails_is_told_at_once_and_leaves_the_bus_as_it_is(join):
    def fail(body):
        raise RuntimeError("no")

    asking = join("a")
    join("b", fail=fail, echo=dict)
    with pytest.raises(NoAnswer):
        asking.ask("b.sock", "fail", {}, 30)
    assert asking.ask("b.sock", "echo", {"a": 1}, 5) == {"a": 1}


def test_everybody_is_asked_and_the_slow_one_is_not_waited_for(join):
    asking = join("a")
    never = Flag()
    join("b", who=lambda body: never.wait(30))
    join("c", who=lambda body: {"name": "c"})
    answers = asking.ask_all("who", {}, 10)
    began = time.monotonic()
    assert next(answers) == {"name": "c"}
    assert time.monotonic() - began < 5
    answers.close()


def test_of_everybody_who_does_not_answer_is_told(join):
    asking = join("a")
    never = Flag()
    join("b", who=lambda body: never.wait(30))
    join("c", who=lambda body: {"name": "c"})
    assert list(asking.ask_all("who", {}, 0.3)) == [{"name": "c"}, None]


def test_nobody_is_there(join):
    assert list(join("a").ask_all("who", {}, 1)) == []


def test_a_dead_process_is_forgotten(join, folder):
    dead = socket.socket(socket.AF_UNIX)
    here = os.open(folder, os.O_RDONLY)
    dead.bind(f"/proc/self/fd/{here}/dead.sock")
    os.close(here)
    dead.close()
    asking = join("a")
    assert asking.peers() == ["dead.sock"]
    assert list(asking.ask_all("who", {}, 1)) == []
    assert asking.peers() == []


def test_who_leaves_is_no_longer_asked_and_who_comes_back_is(join):
    asking = join("a")
    leaving = join("b", who=lambda body: {"name": "b"})
    assert asking.ask("b.sock", "who", {}, 5) == {"name": "b"}
    leaving.stop()
    with pytest.raises(NoAnswer):
        asking.ask("b.sock", "who", {}, 5)
    join("b", who=lambda body: {"name": "new"})
    assert asking.ask("b.sock", "who", {}, 5) == {"name": "new"}


def test_a_process_that_ends_while_it_is_asked(join):
    asking = join("a")
    asked = Flag()

    def wait(body):
        asked.set()
        gevent.sleep(30)

    leaving = join("b", wait=wait)
    question = gevent.spawn(asking.ask, "b.sock", "wait", {}, 30)
    assert asked.wait(5)
    leaving.stop()
    with pytest.raises(NoAnswer):
        question.get(timeout=5)


def test_what_is_told_needs_no_answer(join):
    came = gevent.queue.Queue()
    asking = join("a")
    join("b", event=came.put)
    for n in range(3):
        asking.tell("b.sock", "event", {"n": n})
    assert [came.get(timeout=5)["n"] for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("garbage", [b"\xff\xfe\n", b"[]\n", b'{"id": 1}\n', b"{}\n{"])
def test_garbage_ends_its_link_alone(join, folder, garbage):
    asking = join("a")
    join("b", echo=dict)
    assert asking.ask("b.sock", "echo", {"a": 1}, 5)
    here = os.open(folder, os.O_RDONLY)
    stranger = socket.socket(socket.AF_UNIX)
    stranger.connect(f"/proc/self/fd/{here}/b.sock")
    stranger.sendall(garbage + json.dumps({"id": 1, "kind": "no", "body": {}}).encode())
    stranger.close()
    os.close(here)
    assert asking.ask("b.sock", "echo", {"a": 2}, 5) == {"a": 2}


def test_only_our_user_can_ask(join, folder):
    join("a")
    assert (folder / "a.sock").stat().st_mode & 0o077 == 0
