"""Workers count together: a limit is one for all of them, and who dies counts no more."""

import subprocess
import sys

from adapter.tally import Tally, shared_memory


def test_each_worker_counts_with_the_others() -> None:
    memory = shared_memory(2)
    one, two = Tally(memory, 0), Tally(memory, 1)
    assert [one.add("a"), two.add("a"), one.add("b"), one.add("a")] == [1, 2, 1, 3]
    one.remove("a")
    assert (two.count("a"), two.count("b"), two.count("c")) == (2, 1, 0)


def test_what_a_dead_worker_has_counted_is_forgotten_and_the_rest_stays() -> None:
    memory = shared_memory(2)
    one, two = Tally(memory, 0), Tally(memory, 1)
    one.add("a")
    two.add("a")
    one.forget(1)
    assert one.count("a") == 1
    assert Tally(memory, 1).add("a") == 2


def test_it_is_shared_with_other_processes() -> None:
    memory = shared_memory(2)
    program = f"from adapter.tally import Tally; print(Tally({memory}, 1).add('a'))"
    said = subprocess.run(
        [sys.executable, "-c", program], pass_fds=[memory], capture_output=True, check=True
    )
    assert said.stdout == b"1\n"
    assert Tally(memory, 0).count("a") == 1


def test_thousands_of_names_do_not_disturb_each_other() -> None:
    tally = Tally.alone()
    names = [f"192.0.{n // 256}.{n % 256}" for n in range(2000)]
    for name in names:
        tally.add(name)
    too_high = [name for name in names if tally.count(name) != 1]
    assert len(too_high) < 20
    assert sum(tally.count(f"10.0.0.{n}") for n in range(1000)) < 15


def test_odd_names_are_names() -> None:
    tally = Tally.alone()
    assert tally.add("\udcff%{x}\n") == tally.add("") == 1
