"""What is measured, and that it is measured when asked."""

import math

import pytest
from prometheus_client import REGISTRY

from adapter import metrics
from adapter.callbacks.sender import Sender, SenderSettings
from adapter.metrics import QuickHistogram
from adapter.store.errors import StoreError
from adapter.store.rows import OutboxCounts

GAUGES = ("swml_outbox_depth", "swml_outbox_failed", "swml_outbox_oldest_seconds")


@pytest.fixture
def histogram():
    made = QuickHistogram("test_seconds", "A test.", (0.1, 1.0))
    yield made
    REGISTRY.unregister(made)


def test_a_histogram_counts_as_prometheus_does(histogram):
    for value in (0.05, 0.1, 0.5, 1.0, 1.5, 7.0):
        histogram.observe(value)

    def count(limit):
        return REGISTRY.get_sample_value("test_seconds_bucket", {"le": limit})

    assert (count("0.1"), count("1.0"), count("+Inf")) == (2.0, 4.0, 6.0)
    assert REGISTRY.get_sample_value("test_seconds_count") == 6.0
    assert REGISTRY.get_sample_value("test_seconds_sum") == pytest.approx(10.15)


def test_it_stands_in_the_text(histogram):
    histogram.observe(0.2)
    text = metrics.render().decode()
    assert "# TYPE test_seconds histogram" in text
    assert 'test_seconds_bucket{le="1.0"} 1.0' in text


def test_what_is_counted_quickly_stands_in_the_text_once():
    def told() -> float:
        metrics.render()
        labels = {"method": "counted", "result": "success"}
        return REGISTRY.get_sample_value("swml_steps_total", labels) or 0.0

    before = told()
    for _ in range(3):
        metrics.count(metrics.STEPS, "counted", "success")
    assert told() == before + 3
    assert told() == before + 3


class Counted:
    """A store that only knows its outbox."""

    def __init__(self, counts):
        self.counts = counts

    def outbox_counts(self):
        if self.counts is None:
            raise StoreError("locked")
        return self.counts


def measured(counts, now=1000.0):
    sender = Sender(Counted(counts), SenderSettings(), keys={}, worker="A", clock=lambda: now)
    sender.measure()
    return [REGISTRY.get_sample_value(name) for name in GAUGES]


def test_the_outbox():
    counts = OutboxCounts(pending=3, failed=2, oldest_created_at=900.0)
    assert measured(counts) == [3.0, 2.0, 100.0]
    assert measured(OutboxCounts(pending=0, failed=0, oldest_created_at=None)) == [0.0, 0.0, 0.0]


def test_a_store_that_cannot_be_read_gives_no_old_numbers():
    measured(OutboxCounts(pending=3, failed=2, oldest_created_at=900.0))
    assert all(math.isnan(value) for value in measured(None))
