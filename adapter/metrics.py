"""What the adapter counts and measures, for Prometheus. A leaf: anyone may import it.

Label values come from fixed sets (methods, states, outcomes), never from callers or documents, so
that no caller can make the number of series grow.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, partial

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)

from adapter import metric_files

metric_files.use()  # before the first metric is made

CONTENT_TYPE = CONTENT_TYPE_LATEST

# An API command answers in about a millisecond; an application waits for 20 ms ticks.
_COMMAND_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 1.0, 5.0)
_COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0)
_POST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0)


class QuickHistogram(Histogram):
    """A histogram of one thread's observations, for what happens several times in every call.

    Prometheus's own takes locks and 2 µs, 3 in a file that workers share; this takes 0.4 µs, since
    it only counts, and hands its counts over when they are read and once a second (`publish`).
    """

    def __init__(self, name: str, documentation: str, buckets: Sequence[float]) -> None:
        self._limits = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._total = 0.0
        super().__init__(name, documentation, buckets=buckets)
        _quick.append(self)

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:  # noqa: ARG002
        """Count one value; an exemplar, which no one here gives, is not kept."""
        self._counts[bisect_left(self._limits, amount)] += 1
        self._total += amount

    def publish(self) -> None:
        """Hand over what was counted since the last time."""
        counts, self._counts = self._counts, [0] * len(self._counts)
        total, self._total = self._total, 0.0
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        if total:
            self._sum.inc(total)

    def collect(self) -> Iterable[Metric]:
        """What Prometheus reads."""
        self.publish()
        return super().collect()


_quick: list[QuickHistogram] = []

CALLS = Counter("swml_calls", "Calls by how they ended for the adapter.", ["result"])
CALLS_ACTIVE = Gauge(
    "swml_calls_active", "Calls connected at present.", multiprocess_mode="livesum"
)
STEPS = Counter("swml_steps", "SWML steps by method and result.", ["method", "result"])
WARNINGS = Counter("swml_warnings", "Warnings about documents by code.", ["code"])
RECORDINGS = Counter("swml_recordings", "Recordings that entered a state.", ["state"])
RECORDING_ERRORS = Counter(
    "swml_recording_errors", "Recordings that failed, by the code of their reason.", ["code"]
)
RATE_CHANGES = Counter(
    "swml_recording_rate_changes",
    "Changes of a call's codec rate during a recording: continued at the file's rate, or slowed.",
    ["result"],
)
RECORDINGS_ACTIVE = Gauge(
    "swml_recordings_active",
    "Recordings of connected calls that have not ended.",
    multiprocess_mode="livesum",
)
RECORDINGS_DELETED = Counter(
    "swml_recordings_deleted", "Recordings deleted by retention: for days or for bytes.", ["rule"]
)
RECORDINGS_DELETED_BYTES = Counter(
    "swml_recordings_deleted_bytes", "Bytes freed by deleting recordings."
)
CALLBACK_ATTEMPTS = Counter(
    "swml_callback_attempts", "Callback attempts: delivered, retry or failed.", ["outcome"]
)
CALLBACK_SECONDS = Histogram(
    "swml_callback_seconds", "One callback attempt, connection included.", buckets=_POST_BUCKETS
)
HELD_WRITES = Gauge(
    "swml_held_writes",
    "Transactions held while the store is broken.",
    multiprocess_mode="livesum",
)
# All workers read them from the one store: who was asked last says how it is.
_of_the_store = partial(Gauge, multiprocess_mode="livemostrecent")
OUTBOX_DEPTH = _of_the_store("swml_outbox_depth", "Callbacks stored and not yet delivered.")
OUTBOX_FAILED = _of_the_store("swml_outbox_failed", "Callbacks that could not be delivered.")
OUTBOX_OLDEST_SECONDS = _of_the_store(
    "swml_outbox_oldest_seconds", "Age of the oldest pending callback."
)
COMMAND_SECONDS = QuickHistogram(
    "swml_esl_command_seconds",
    "From a write of one or more commands to the switch's last reply.",
    _COMMAND_BUCKETS,
)
COMMIT_SECONDS = Histogram(
    "swml_store_commit_seconds", "One store transaction.", buckets=_COMMIT_BUCKETS
)


@cache
def counter(metric: Counter, *labels: str) -> Counter:
    """`metric.labels(…)`, looked up once: the lookup costs more than the count."""
    return metric.labels(*labels)


_counted: defaultdict[tuple[Counter, tuple[str, ...]], int] = defaultdict(int)


def count(metric: Counter, *labels: str) -> None:
    """One more of what happens in every call; handed over with the quick histograms' counts."""
    _counted[metric, labels] += 1


def count_recording(state: str, error_code: str | None) -> None:
    """A recording entered a state; an error is counted by its reason's code as well."""
    count(RECORDINGS, state)
    if state == "error" and error_code is not None:
        counter(RECORDING_ERRORS, error_code).inc()


def count_rate_change(*, goes_on: bool) -> None:
    """A recorded call has another rate: the file goes on, or its sound has the wrong speed."""
    counter(RATE_CHANGES, "continued" if goes_on else "slowed").inc()


def render(registry: CollectorRegistry = REGISTRY) -> bytes:
    """All metrics in the text format of Prometheus; send it with CONTENT_TYPE.

    Of a process that shares a folder with others, the numbers of all of them.
    """
    if registry is REGISTRY:
        publish()
        registry = metric_files.joined() or registry
    return generate_latest(registry)


def publish() -> None:
    """Make what was counted quickly known to who asks, and to the other workers."""
    for histogram in _quick:
        histogram.publish()
    while _counted:
        (metric, labels), number = _counted.popitem()
        counter(metric, *labels).inc(number)
