"""A step with parameters that are ignored does on the switch what it does without them."""

import json
import re

import pytest

from adapter.simulate.trace import Kind

ACTS = (Kind.SWITCH, Kind.CALLBACK, Kind.SET, Kind.HANGUP)


@pytest.mark.parametrize(
    ("method", "params", "more"),
    [
        ("answer", {}, {"username": "u", "password": "p"}),
        (
            "connect",
            {"to": "sip:bob@example.com"},
            {"name": "n", "codec": "PCMU", "realtime": True, "custom_parameters": {"a": "b"}},
        ),
        ("join_conference", {"name": "sales"}, {"region": "us"}),
        ("prompt", {"play": "say:hello"}, {"speech_engine": "deepgram"}),
        ("sip_refer", {"to_uri": "sip:bob@example.com"}, {"username": "u", "password": "p"}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_step_runs_all_the_same(call, method, params, more):
    def done(**given):
        outcome = call(f"- {json.dumps({method: params | given})}\n- play: say:afterwards\n")
        # How often, and after what else, is a matter of time.
        return {entry.facts["step"] for entry in outcome.trace.of(Kind.STEP)} | {
            re.sub(r"<[a-z]+(-\d+)?>", "<id>", str(entry))
            for kind in ACTS
            for entry in outcome.trace.of(kind)
        }

    assert done(**more) == done()
