"""Dates as texts in any time zone: what V8 (Node 20) makes of them, in v8_dates.json."""

import json
from pathlib import Path

import pytest

from adapter.javascript import Engine
from adapter.javascript.zones import changes
from adapter.swml.errors import ExpressionError

V8 = json.loads(Path(__file__).with_name("v8_dates.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def engine():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        made = Engine()
        yield made
        made.close()


def test_dates_are_written_as_by_v8(engine):
    found = {source: engine.evaluate(source, {}) for source in V8}
    assert len(V8) > 200
    assert found == V8


@pytest.mark.parametrize(
    ("at", "hour"),
    [
        ("2026-03-08T06:59:59Z", 1),
        ("2026-03-08T07:00:00Z", 3),
        ("2026-11-01T05:59:59Z", 1),
        ("2026-11-01T06:00:00Z", 1),
        ("2026-11-01T07:00:00Z", 2),
        ("1969-07-01T12:00:00Z", 7),
    ],
)
def test_clocks_are_put_forward_and_back(engine, at, hour):
    source = (
        f"parseInt(new Date('{at}').toLocaleTimeString('en-US',"
        " {timeZone: 'America/New_York', hour: 'numeric', hourCycle: 'h23'}))"
    )
    assert engine.evaluate(source, {}) == hour


def test_a_zone_may_be_a_variable(engine):
    source = "new Date(0).toLocaleString('en-GB', {timeZone: zone, timeStyle: 'short'})"
    assert engine.evaluate(source, {"zone": "Asia/Kathmandu"}) == "05:30"
    formatted = "new Intl.DateTimeFormat('en-US', {timeZone: zone}).format(new Date(0))"
    assert engine.evaluate(formatted, {"zone": "America/New_York"}) == "12/31/1969"


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "", "America"])
def test_a_zone_that_is_none_is_an_error_that_says_so(engine, zone):
    source = f"new Date(0).toLocaleString('en-US', {{timeZone: '{zone}'}})"
    with pytest.raises(ExpressionError, match=r"Invalid time zone specified: .*write its name"):
        engine.evaluate(source, {})
    assert changes(zone) == ()


def test_one_call_s_zones_are_not_the_next_one_s(engine):
    source = "new Date(0).toLocaleString('en-US', {timeZone: zone})"
    engine.evaluate(source, {"zone": "Asia/Tokyo"})
    with pytest.raises(ExpressionError, match="Invalid time zone"):
        engine.evaluate("new Date(0).toLocaleString('en-US', {timeZone: 'Asia/' + 'Tokyo'})", {})
