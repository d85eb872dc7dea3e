"""docs/language.md says of the language what the code says of it."""

import re
from pathlib import Path

import pytest
from test_call_facts import IDENTITY, PHONE, SIP, facts

from adapter.call_facts import peer_of
from adapter.config.models import Documents, Script
from adapter.freeswitch.wire import Headers
from adapter.javascript.limits import EngineLimits
from adapter.methods import request
from adapter.swml import reader, yaml_reader
from adapter.swml.control import CONTROL
from adapter.swml.expressions import MAX_EXPRESSION
from adapter.swml.limits import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()


@pytest.mark.parametrize("name", Script.model_fields)
def test_limits_of_a_script(name):
    default = Script.model_fields[name].default
    assert getattr(Limits(), name) == default
    assert re.search(rf"^\| `{name}`.* \| {default:,} \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    "said",
    [
        f"{reader.MAX_SIZE >> 20} MiB of text, {yaml_reader.MAX_NODES:,} values",
        f"{yaml_reader.MAX_DEPTH} levels",
        f"{MAX_EXPRESSION:,} characters and {EngineLimits().seconds * 1000:.0f} ms",
        f"{Limits().value_size:,} characters",
        f"{Limits().variables_size:,}",
        f"at most {Documents().max_redirects} redirects",
        f"{Documents().connect_timeout:g} s to connect, {Documents().read_timeout:g} s for each",
        f"{Documents().total_timeout:g} s and {Documents().max_bytes >> 20} MiB in all",
        f"after {request.MAX_REDIRECTS} redirects and after {request.MAX_BODY >> 10} KB",
        f"{request.MAX_HEADERS} headers are kept",
    ],
)
def test_other_limits(said):
    assert said in PAGE


def test_every_control_method_is_named():
    assert [spec.name for spec in CONTROL if f"`{spec.name}`" not in PAGE] == []


def test_every_field_of_the_call_is_there():
    told = {*facts(PHONE), *facts({**SIP, "variable_swml_tag": "x"})}
    rows = re.findall(r"^\| (`\S.*?) \|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    named |= {"from_number", "to_number"}
    assert told <= named
    for name in peer_of(Headers(b""), IDENTITY):
        assert name in PAGE
