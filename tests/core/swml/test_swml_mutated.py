"""Public documents with something wrong in them: refused, or run, and nothing of ours breaks.

The mistakes are the same in every run.
"""

import json
from contextlib import suppress
from random import Random

import pytest
from swml_world import REMOTE, answer, begun

from adapter.swml.effects import FETCH, YIELD
from adapter.swml.errors import Code, DocumentError, ScriptError
from adapter.swml.graph import dot, mermaid
from adapter.swml.loading import load
from adapter.swml.published import unpublished
from adapter.swml.reader import read

DOCUMENTS = 3000
EFFECTS = 30
ODD = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", "x", "\u202e", "a" * 3000, "main", "+1"),
    *("${x}", "${", "%{a.b}", "${1+1}", "${vars}", "${call}", "https://x/", "file:x"),
    *([], {}, [[]], [{}], {"a": 1}, ["a"], [1, "${x}"], {"sections": {"main": ["hangup"]}}),
]
NAMES = ["result", "then", "else", "when", "case", "label", "main", "if", "eval", "x", "params"]
PIECES = [
    *(b"\n", b"  ", b"- ", b": ", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"<<: *a", b"!!str "),
    *(b"|", b">", b"'", b'"', b"\\", b"${", b"\xff", b"\x00", b"\xef\xbb\xbf", b"#", b"---\n"),
    *(b"...\n", b"? ", b"%YAML 1.2\n", b"\t", b"\xe2\x80\xa8", b"\\ud800"),
]


@pytest.fixture(scope="module")
def corpus(shared):
    paths = sorted((shared / "corpus").iterdir())
    return [path for path in paths if path.suffix in (".json", ".yaml")]


def test_values_that_are_no_right_ones(corpus, catalog, evaluate):
    random, remote = Random(1), [load(text, catalog) for text in REMOTE]
    trees = [read(path.read_text()).value for path in corpus if not path.name.startswith("043-")]
    trees = [tree if "sections" in tree else {"sections": {"main": tree}} for tree in trees]
    ran = 0
    for _ in range(DOCUMENTS):
        tree = json.loads(json.dumps(random.choice(trees)))
        for _ in range(random.randint(1, 3)):
            mistake(random, tree)
        unpublished(tree, catalog)
        document = loaded(json.dumps(tree), catalog)
        if document is not None:
            run(begun(document, evaluate), catalog, remote)
            assert mermaid(document)
            assert dot(document)
            ran += 1
    assert DOCUMENTS > ran > DOCUMENTS / 10


def mistake(random, tree):
    """Replace, remove, or rename something somewhere in a tree."""
    places = list(places_in(tree))
    if not places:
        return
    around, key = random.choice(places)
    what = random.random()
    if what < 0.6:
        around[key] = json.loads(json.dumps(random.choice(ODD)))
    elif what < 0.7:
        del around[key]
    elif what < 0.9:
        other, name = random.choice(places)
        around[key] = json.loads(json.dumps(other[name]))
    elif isinstance(around, dict):
        around[random.choice(NAMES)] = around.pop(key)


def places_in(value):
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])


def run(script, catalog, remote):
    for number in range(EFFECTS):
        effect = script.next_effect()
        json.dumps(script.state(), allow_nan=False)
        if effect is None:
            return
        if effect.method not in (FETCH, YIELD):
            with suppress(ScriptError):
                catalog.get(effect.method).parse(effect.params)
        script.apply(answer(effect, number, number % 3, remote))


def test_text_with_pieces_too_many_or_too_few(corpus, catalog):
    random, texts = Random(2), [path.read_bytes() for path in corpus]
    for _ in range(DOCUMENTS):
        text = bytearray(random.choice(texts))
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(text) + 1)
            cut = random.randint(1, 30) if random.random() < 0.3 else 0
            text[at : at + cut] = b"" if cut else random.choice(PIECES)
        loaded(bytes(text), catalog)


def loaded(text, catalog):
    """The document; None if it is refused, for a reason that is the document's own."""
    try:
        return load(text, catalog)
    except DocumentError as error:
        if any(fault.code is Code.PARSE_INTERNAL_ERROR for fault in error.faults):
            raise
        return None
