"""The graph of a document has its steps, branches, jumps and ways out."""

import re

import pytest

from adapter.swml.errors import DocumentError
from adapter.swml.graph import dot, graph_of, mermaid
from adapter.swml.loading import load

SOURCE = """
sections:
  main:
    - label: top
    - prompt: 'say:"press" <1> & wait'
    - switch:
        variable: prompt_value
        case:
          '1': [{execute: {dest: sub, on_return: [{play: back}]}}]
          '2': [{transfer: 'https://x'}]
        default: [{goto: {label: top, when: n < 3}}]
    - if: {condition: a, then: [hangup]}
    - connect: {to: x, result: {case: {connected: [{return: 1}]}}}
  sub:
    - play: sub
"""


@pytest.fixture
def graph(read):
    return graph_of(read(SOURCE))


def edges(graph, source):
    return [(edge.target, edge.text, edge.dashed) for edge in graph.edges if edge.source == source]


def test_steps_and_sections(graph):
    assert list(graph.sections) == ["main", "sub"]
    assert graph.sections["sub"] == {"sub": "sub", "sub[0].play": "play sub"}
    assert list(graph.outside) == ["https://x"]


def test_edges(graph):
    assert edges(graph, "main") == [("main[0].label", "", False)]
    assert edges(graph, "main[2].switch") == [
        ("main[2].switch.case.1[0].execute", "1", False),
        ("main[2].switch.case.2[0].transfer", "2", False),
        ("main[2].switch.default[0].goto", "default", False),
    ]
    assert edges(graph, "main[2].switch.case.1[0].execute") == [
        ("sub", "", True),
        ("main[2].switch.case.1[0].execute.on_return[0].play", "", False),
    ]
    assert edges(graph, "main[2].switch.case.1[0].execute.on_return[0].play") == [
        ("main[3].if", "", False)
    ]
    assert edges(graph, "main[2].switch.case.2[0].transfer") == [("https://x", "transfer", False)]
    assert edges(graph, "main[2].switch.default[0].goto") == [
        ("main[0].label", "n < 3", True),
        ("main[3].if", "then", False),
    ]
    assert edges(graph, "main[3].if.then[0].hangup") == []
    assert edges(graph, "main[4].connect") == [("main[4].connect.result", "", False)]


def test_mermaid_has_no_bare_quotes_or_tags(read):
    text = mermaid(read(SOURCE))
    assert text.startswith("flowchart TD\n")
    for label in re.findall(r'"([^\n]*?)"(?:[\]|)])', text):
        assert not set(label) & set('"<>')
    assert "#quot;press#quot; #lt;1#gt;" in text


def test_dot_escapes_quotes(read):
    text = dot(read(SOURCE))
    assert text.startswith("digraph swml {")
    assert r"\"press\"" in text


def test_every_public_document_has_a_graph(shared, catalog):
    drawn = 0
    for path in sorted((shared / "corpus").glob("*.yaml")):
        try:
            document = load(path.read_text("utf-8"), catalog)
        except DocumentError:
            continue
        nodes = graph_of(document)
        known = {name for section in nodes.sections.values() for name in section}
        known |= nodes.outside.keys()
        for edge in nodes.edges:
            assert {edge.source, edge.target} <= known, path.name
        drawn += bool(mermaid(document)) and bool(dot(document))
    assert drawn > 70
