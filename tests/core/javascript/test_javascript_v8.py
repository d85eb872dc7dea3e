"""What V8 makes of 1,500 expressions (v8.json, made by v8.js), and where we differ."""

import json
import re
from pathlib import Path

import pytest

from adapter.javascript import Engine, EngineLimits
from adapter.swml.errors import ExpressionError
from adapter.swml.expressions import UNDEFINED

V8 = json.loads(Path(__file__).with_name("v8.json").read_text("utf-8"))

DIFFERS = {
    "no Intl: text is compared by code points": r"localeCompare",
    "no Intl: numbers and dates have one form": r"toLocale\w*String\(|Intl",
    "no name of the time zone": r"new Date\(.*\)\.toString\(\)",
    "halves of characters become U+FFFD": "'\U0001d4b3y'\\.(split\\(''\\)|charAt|slice|substr\\()",
    "the last digit of what is no simple fraction": r"Math\.(sin|cbrt)\(",
    "nothing of a browser or of Node": (
        r"typeof (structuredClone|URL|console|setTimeout|Buffer|fetch|TextEncoder|WebAssembly)"
    ),
    "messages of errors": r"e\.message",
    "newer than V8 in Node 20": r"groupBy|Iterator|toArray|union",
}
"""Why an expression may come to something else, and which; docs/language.md lists the same."""


LIBRARY = "the last digit of what is no simple fraction"
"""Whether it differs is up to the mathematical library of the machine."""


@pytest.fixture(scope="module", params=[0, EngineLimits().nearby], ids=["helpers", "nearby"])
def engine(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        made = Engine(EngineLimits(nearby=request.param))
        yield made
        made.close()


def ours(engine, source):
    try:
        value = engine.evaluate(source, {})
    except ExpressionError:
        return "error"
    return "undefined" if value is UNDEFINED else [value]


def test_expressions_come_to_what_they_come_to_in_v8(engine):
    differ = {}
    for source, expected in V8.items():
        found = ours(engine, source)
        if json.dumps(found) != json.dumps(expected):
            differ[source] = found
    unexplained = [one for one in differ if not _reason(one)]
    assert not unexplained, {one: (V8[one], differ[one]) for one in unexplained}
    listed = {_reason(one) for one in differ} | {LIBRARY}
    assert listed == set(DIFFERS), "a difference that is none any more"
    assert len(differ) < len(V8) * 0.05


def _reason(source):
    return next((why for why, which in DIFFERS.items() if re.search(which, source)), None)
