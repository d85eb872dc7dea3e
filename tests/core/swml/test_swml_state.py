"""A script that goes on in a fresh process, from any effect, does what it does undisturbed."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from fresh_process import FreshProcesses, Story
from hypothesis import given, settings
from swml_generated import documents
from swml_world import REMOTE, answer, begun, seen

from adapter.swml.control import CONTROL
from adapter.swml.effects import Result
from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import load
from adapter.swml.reader import read as read_text

EFFECTS = 40
"""After so many a document's story is broken off; most end long before."""
MOODS = range(3)


@pytest.fixture(scope="module")
def processes() -> Iterator[FreshProcesses]:
    processes = FreshProcesses()
    yield processes
    processes.close()


@pytest.fixture
def passed(monkeypatch) -> Counter:
    """How often each method is run by a script of this process."""
    counted = Counter()
    run = Interpreter._run

    def counting(script, step):
        counted[step.method] += 1
        run(script, step)

    monkeypatch.setattr(Interpreter, "_run", counting)
    return counted


@pytest.fixture(scope="module")
def same(evaluate, catalog, processes):
    remote = [load(text, catalog) for text in REMOTE]

    def same(texts: list[str]) -> int:
        """Goes on from every effect in a fresh process: the same is seen, the state is the same.

        So it is, too, for what goes on from there. Returns the number of effects.
        """
        told = [story_of(text) for text in texts]
        assert processes.go_on([story for story, _ in told]) == [after for _, after in told]
        return sum(len(story["stops"]) for story, _ in told)

    def story_of(text: str) -> tuple[Story, list]:
        document, stops, after = load(text, catalog), [], []
        for mood in MOODS:
            script = begun(document, evaluate)
            story = json.loads(json.dumps(list(undisturbed(script, mood, remote))))
            stops += [(mood, number, state) for number, (_, state) in enumerate(story[:-1])]
            after += story[1:]
        return {"texts": [text, *REMOTE], "stops": stops}, after

    return same


def undisturbed(script, mood, remote) -> Iterator[list]:
    for number in range(EFFECTS):
        effect = script.next_effect()
        yield [seen(script, effect), script.state()]
        if effect is None:
            return
        script.apply(answer(effect, number, mood, remote))


def corpus_texts(shared) -> Iterator[str]:
    for path in sorted((shared / "corpus").iterdir()):
        if path.suffix not in (".json", ".yaml") or path.name.startswith("043-"):
            continue  # 043 is no document: its text cannot be parsed
        text = path.read_text("utf-8")
        if ".frag." in path.name:
            text = json.dumps({"sections": {"main": read_text(text).value}})
        yield text


def batches(texts: list[str], size: int) -> Iterator[list[str]]:
    return (texts[at : at + size] for at in range(0, len(texts), size))


def test_every_public_document(shared, same):
    texts = list(corpus_texts(shared))
    assert len(texts) > 150
    assert sum(same(batch) for batch in batches(texts, 40)) > 500


def test_generated_documents(same, passed):
    @settings(max_examples=60, derandomize=True, deadline=None)
    @given(text=documents)
    def each(text):
        same([text])

    each()
    assert passed.keys() >= {spec.name for spec in CONTROL}, "some control method was never run"
    assert passed.keys() >= {"answer", "play", "sleep", "request", "prompt", "connect"}


def test_a_state_of_another_version_is_refused(start, read):
    document = read("- play: x")
    state = {**start(document).state(), "version": 99}
    with pytest.raises(ValueError, match="version 99"):
        Interpreter.resume(state, lambda _name: document)


def test_a_document_that_has_lost_the_steps_is_refused(start, read):
    script = start(read("- cond: [{when: 'true', then: [{play: x}]}]"))
    script.next_effect()
    with pytest.raises(KeyError):
        Interpreter.resume(script.state(), lambda _name: read("- hangup"))


def test_a_transfer_to_a_document_inside_is_resumed(start, read):
    document = read("""- transfer: '{"sections": {"main": [{"play": "in"}, {"play": "two"}]}}'""")
    script = start(document)
    script.next_effect()
    assert script.document_hashes() == {document.content_hash}
    state = json.loads(json.dumps(script.state()))
    again = Interpreter.resume(state, {document.content_hash: document}.__getitem__)
    again.apply(Result())
    assert again.next_effect().params == {"url": "two"}


def test_saving_is_a_snapshot(start):
    script = start("- play: x\n- set: {a: [1]}\n- play: y")
    script.next_effect()
    state = script.state()
    before = json.dumps(state)
    script.apply(Result({"b": 1}))
    script.next_effect()
    assert json.dumps(state) == before
