"""Workers count together: each is told the numbers of all, and a death takes none away."""

import re
import subprocess
import sys

import pytest

from adapter.metric_files import MetricsFolder

WORKER = """
import sys
from adapter import metrics
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""


class Worker:
    """A process that counts as it is told, until it is killed."""

    def __init__(self, folder: MetricsFolder, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=folder.environment(number),
        )

    def do(self, statement: str) -> str:
        """Run a line; what it printed."""
        self._process.stdin.write(statement + "\n")
        self._process.stdin.flush()
        said = ""
        while (line := self._process.stdout.readline()) != "done\n":
            assert line, "the worker has ended"
            said += line
        return said

    def told(self) -> dict[str, float]:
        """What this worker tells of all."""
        text = self.do("print(metrics.render().decode())")
        return {
            name: float(value)
            for name, value in re.findall(r"^(swml_\S+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
        }

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture
def folder():
    made = MetricsFolder()
    yield made
    made.remove()


FINISHED = 'swml_calls_total{result="finished"}'
COMMANDS = "swml_esl_command_seconds_count"
FAST = 'swml_esl_command_seconds_bucket{le="0.001"}'


def test_any_worker_tells_the_numbers_of_all(folder):
    workers = [Worker(folder, number) for number in range(2)]
    for number, worker in enumerate(workers):
        worker.do(f"metrics.counter(metrics.CALLS, 'finished').inc({number + 1})")
        worker.do(f"metrics.CALLS_ACTIVE.set({number + 10})")
        worker.do("metrics.COMMAND_SECONDS.observe(0.0005); metrics.COMMAND_SECONDS.observe(0.3)")
        worker.do("metrics.publish()")
        worker.do(f"metrics.OUTBOX_DEPTH.set({number})")
    told = [worker.told() for worker in workers]
    assert told[0] == told[1]
    assert told[0][FINISHED] == 3
    assert told[0]["swml_calls_active"] == 21
    assert told[0]["swml_outbox_depth"] == 1
    assert (told[0][COMMANDS], told[0][FAST]) == (4, 2)
    for worker in workers:
        worker.kill()


def test_a_dead_workers_counts_stay_and_its_calls_do_not(folder):
    first, second = Worker(folder, 0), Worker(folder, 1)
    second.do("metrics.counter(metrics.CALLS, 'finished').inc(5)")
    second.do("metrics.CALLS_ACTIVE.set(7)")
    second.kill()
    folder.worker_died(1)
    assert first.told()[FINISHED] == 5
    assert first.told()["swml_calls_active"] == 0
    again = Worker(folder, 1)
    again.do("metrics.counter(metrics.CALLS, 'finished').inc()")
    assert first.told()[FINISHED] == 6, "whoever replaces it counts on"
    assert len(list(folder.path.iterdir())) <= 2 * 4, "no file for each death"
    first.kill()
    again.kill()


def test_a_process_that_a_worker_starts_counts_for_itself(folder):
    worker = Worker(folder, 0)
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', "
    child += "'from adapter import metrics; metrics.CALLS_ACTIVE.set(99)'], check=True)"
    worker.do("metrics.CALLS_ACTIVE.set(1)")
    worker.do(child)
    worker.do("metrics.CALLS_ACTIVE.inc()")
    assert worker.told()["swml_calls_active"] == 2
    worker.kill()


def test_the_folder_goes_with_its_owner():
    folder = MetricsFolder()
    worker = Worker(folder, 0)
    worker.do("metrics.CALLS_ACTIVE.inc()")
    worker.kill()
    assert list(folder.path.iterdir())
    folder.remove()
    assert not folder.path.exists()
