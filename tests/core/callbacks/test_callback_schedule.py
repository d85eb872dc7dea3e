"""Whose turn it is, in any order of events."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from adapter.callbacks.schedule import Limits, Schedule

LIMITS = Limits(per_receiver=3, failing_receiver=1, total=5)


def start_all(schedule: Schedule, turns: list[tuple[str, int]]) -> None:
    for origin, slots in turns:
        for _ in range(slots):
            schedule.started(origin)


def test_receiver_gets_its_slots_and_all_together_their_limit() -> None:
    schedule = Schedule(LIMITS)
    schedule.look_at("a")
    schedule.look_at("b")
    schedule.look_at("c")
    turns = schedule.turns(0.0, 10)
    assert turns == [("a", 3), ("b", 2)]
    start_all(schedule, turns)
    assert not schedule.has_ready()
    schedule.ended("a", answered=True)
    assert schedule.turns(0.0, 10) == [("c", 1)]


def test_nothing_is_looked_at_twice_without_a_change() -> None:
    schedule = Schedule(LIMITS)
    schedule.look_at("a")
    assert schedule.turns(0.0, 10) == [("a", 3)]
    assert schedule.turns(0.0, 10) == []
    assert schedule.next_moment() is None


def test_failing_receiver_keeps_one_slot_until_it_answers() -> None:
    schedule = Schedule(LIMITS)
    schedule.started("a")
    schedule.ended("a", answered=False)
    assert schedule.turns(0.0, 10) == [("a", 1)]
    schedule.started("a")
    schedule.ended("a", answered=True)
    assert schedule.turns(0.0, 10) == [("a", 3)]


def test_moments_come_in_order_and_the_earlier_counts() -> None:
    schedule = Schedule(LIMITS)
    schedule.look_later("a", 30.0)
    schedule.look_later("b", 20.0)
    schedule.look_later("a", 10.0)
    schedule.look_later("a", 15.0)
    assert schedule.next_moment() == 10.0
    assert schedule.turns(9.9, 10) == []
    assert schedule.turns(10.0, 10) == [("a", 3)]
    assert schedule.turns(20.0, 10) == [("b", 3)]


def test_turns_are_limited_and_the_rest_stays_ready() -> None:
    schedule = Schedule(LIMITS)
    for origin in "abc":
        schedule.look_at(origin)
    assert [origin for origin, _ in schedule.turns(0.0, 1)] == ["a"]
    assert schedule.has_ready()
    assert [origin for origin, _ in schedule.turns(0.0, 1)] == ["b"]


def test_idle_receivers_are_forgotten() -> None:
    schedule = Schedule(LIMITS)
    schedule.started("busy")
    schedule.look_later("waiting", 5.0)
    schedule.started("done")
    schedule.ended("done", answered=True)
    schedule.turns(0.0, 10)
    schedule.drop_idle()
    assert set(schedule._receivers) == {"busy", "waiting"}


events = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.sampled_from("abcd")),
        st.tuples(st.just("later"), st.sampled_from("abcd"), st.integers(0, 50)),
        st.tuples(st.just("turns"), st.integers(1, 4)),
        st.tuples(st.just("end"), st.sampled_from("abcd"), st.booleans()),
        st.tuples(st.just("idle")),
        st.tuples(st.just("wait"), st.integers(1, 20)),
    ),
    max_size=80,
)


class World:
    """A schedule, what runs, and who was announced but not yet looked at."""

    def __init__(self) -> None:
        self.schedule = Schedule(LIMITS)
        self.running: Counter[str] = Counter()
        self.announced: set[str] = set()
        self.now = 0.0

    def look(self, origin: str) -> None:
        self.schedule.look_at(origin)
        self.announced.add(origin)

    def later(self, origin: str, seconds: int) -> None:
        self.schedule.look_later(origin, self.now + seconds)
        self.announced.add(origin)

    def turns(self, most: int) -> None:
        turns = self.schedule.turns(self.now, most)
        for origin, slots in turns:
            self.announced.discard(origin)
            self.running[origin] += slots
        start_all(self.schedule, turns)
        assert self.running.total() == self.schedule.running <= LIMITS.total
        assert max(self.running.values(), default=0) <= LIMITS.per_receiver

    def end(self, origin: str, answered: bool) -> None:
        if self.running[origin]:
            self.running[origin] -= 1
            self.schedule.ended(origin, answered=answered)

    def idle(self) -> None:
        self.schedule.drop_idle()

    def wait(self, seconds: int) -> None:
        self.now += seconds


@given(events)
def test_limits_hold_and_no_change_is_missed(steps) -> None:
    world = World()
    for name, *arguments in steps:
        getattr(world, name)(*arguments)
    for _ in range(200):
        world.wait(10)
        world.turns(4)
        for origin in list(world.running):
            world.end(origin, answered=True)
    assert not world.announced
