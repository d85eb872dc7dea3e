"""Hostile text is refused at once and in little memory."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import process_time

import pytest

from adapter.swml.errors import Code, DocumentError
from adapter.swml.loading import load
from adapter.swml.reader import MAX_SIZE
from adapter.swml.yaml_reader import MAX_DEPTH

SECONDS = 0.1
BYTES = 64 * 1024 * 1024


def bomb() -> str:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


HOSTILE = {
    "an alias bomb": (bomb(), Code.PARSE_ERROR),
    "ten megabytes of YAML": ("sections:\n  main:\n" + "  - hangup\n" * 900_000, Code.PARSE_ERROR),
    "ten megabytes of JSON": (
        '{"sections": {"main": ["' + "x" * 10_000_000 + '"]}}',
        Code.PARSE_ERROR,
    ),
    "YAML lists 10,000 deep": ("[" * 10_000, Code.NESTED_TOO_DEEP),
    "YAML objects 10,000 deep": ("a: " + "{a: " * 10_000, Code.NESTED_TOO_DEEP),
    "aliases 200 deep": (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
        Code.NESTED_TOO_DEEP,
    ),
    "YAML blocks 1,000 deep": (
        "\n".join(" " * depth + "a:" for depth in range(1000)),
        Code.NESTED_TOO_DEEP,
    ),
    "JSON 10,000 deep": ('{"a":' + "[" * 10_000 + "]" * 10_000 + "}", Code.NESTED_TOO_DEEP),
    "JSON 100 deep": ('{"a":' + "[" * 100 + "]" * 100 + "}", Code.NESTED_TOO_DEEP),
    "half a million values": (
        '{"sections": {"main": [' + "1," * 500_000 + "1]}}",
        Code.PARSE_ERROR,
    ),
    "a hundred thousand placeholders": (
        "sections: {main: [{play: '" + "${a}" * 100_000 + "'}]}",
        Code.PARSE_ERROR,
    ),
    "a hundred thousand placeholders in JSON": (
        '{"sections": {"main": [{"play": "' + "${a}" * 100_000 + '"}]}}',
        Code.PARSE_ERROR,
    ),
    "a key there twice": (
        "sections: {main: [{play: {url: a, url: b}}]}",
        Code.ELEMENT_DUPLICATED,
    ),
    "a number of 5,000 digits": (
        '{"sections": {"main": [{"set": {"a": ' + "9" * 5000 + "}}]}}",
        Code.PARSE_ERROR,
    ),
}


@pytest.mark.parametrize(("source", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_soon_and_cheaply(catalog, source, code):
    tracemalloc.start()
    try:
        with pytest.raises(DocumentError) as caught:
            load(source, catalog)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert caught.value.faults[0].code is code
    assert shortest(lambda: refuse(source, catalog)) < SECONDS


def refuse(source, catalog):
    with pytest.raises(DocumentError):
        load(source, catalog)


def shortest(run, times=3):
    spans = []
    for _ in range(times):
        start = process_time()
        run()
        spans.append(process_time() - start)
    return min(spans)


def test_a_document_may_be_as_deep_as_the_limit(catalog):
    deep = "x"
    for _ in range(MAX_DEPTH - 5):
        deep = f"[{deep}]"
    load(f"sections: {{main: [{{set: {{a: {deep}}}}}]}}", catalog)


def test_a_document_may_be_as_long_as_the_limit(catalog):
    source = "sections: {main: [hangup]}\n#"
    load(source + "x" * (MAX_SIZE - len(source)), catalog)


def test_placeholders_that_nothing_closes_cost_no_time(catalog):
    source = 'sections: {main: [{play: "' + "${'" * 30_000 + '"}]}'
    assert shortest(lambda: load(source, catalog)) < SECONDS


def test_the_memory_that_python_does_not_know_of_is_limited_too():
    """libyaml allocates by itself: the process as a whole grows by less than the limit."""
    subprocess.run([sys.executable, "-c", IN_A_PROCESS], check=True, timeout=60)


IN_A_PROCESS = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_swml_hostile import HOSTILE, BYTES
from adapter.methods import catalog
from adapter.swml.loading import load
from adapter.swml.errors import DocumentError
known = catalog()
load("sections: {{main: [hangup]}}", known)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for source, code in HOSTILE.values():
    try:
        load(source, known)
    except DocumentError as error:
        assert error.code is code
    else:
        sys.exit("taken")
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
assert grown < BYTES, grown
"""


def test_a_thousand_steps_load_in_a_tenth_of_a_second(catalog):
    steps = [
        "  - play: {url: 'say:step ${a}'}\n  - set: {a: 1, b: '${a}'}\n"
        "  - record_call: {stereo: true, control_id: r}\n"
        "  - switch: {variable: a, case: {'1': [{hangup: {}}]}, default: [{sleep: 5}]}\n"
    ]
    source = "sections:\n  main:\n" + "".join(steps * 250)
    assert len(load(source, catalog).block("main").steps) == 1000
    assert shortest(lambda: load(source, catalog), times=10) < SECONDS
