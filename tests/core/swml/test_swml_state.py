"""A script that is saved and resumed at every effect does what it does undisturbed."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.swml.document import load
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import Code, DocumentError, ScriptError
from adapter.swml.interpreter import Interpreter
from adapter.swml.limits import Limits
from adapter.swml.reader import read as read_text

LIMITS = Limits(steps=400, transfers=6, depth=6, burst=20)
REMOTE = "sections: {main: [{play: 'remote ${params.a}'}, {goto: {label: '${l}'}}, {return: 3}]}"


class World:
    """Answers effects in a way that depends only on how many there were."""

    def __init__(self, remote):
        self._remote = remote

    def perform(self, effect: Effect, number: int) -> Result:
        if effect.method == YIELD:
            return Result()
        if effect.method == FETCH:
            return Result(document=self._remote) if number % 3 else Result(error=self._error())
        if effect.method == "hangup":
            return Result(ends_script=True)
        if number % 5 == 4:
            return Result(error=self._error())
        return Result({"last": effect.method, "n": number, "prompt_value": str(number % 3)})

    @staticmethod
    def _error():
        return ScriptError(Code.EXECUTE_FAILED, "so it is")


def undisturbed(script, world) -> Iterator[tuple]:
    for number in range(150):
        effect = script.next_effect()
        yield effect, dict(script.vars), dict(script.params), script.error and script.error.code
        if effect is None:
            return
        script.apply(world.perform(effect, number))


def interrupted(script, world, again) -> Iterator[tuple]:
    """As `undisturbed`, but saved and resumed before and after each effect."""
    for number in range(150):
        effect = script.next_effect()
        script = again(script)
        assert script.next_effect() == effect
        yield effect, dict(script.vars), dict(script.params), script.error and script.error.code
        if effect is None:
            return
        script.apply(world.perform(effect, number))
        script = again(script)


@pytest.fixture
def same(evaluate, catalog):
    remote = load(REMOTE, catalog)
    world = World(remote)

    def same(source):
        document = load(source, catalog)
        known = {one.content_hash: one for one in (document, remote)}

        def again(script):
            state = json.loads(json.dumps(script.state(), allow_nan=False))
            needed = script.document_hashes()
            assert needed <= known.keys()
            return Interpreter.resume(
                state, {name: known[name] for name in needed}.__getitem__, **options
            )

        options = {"limits": LIMITS, "evaluate": evaluate}
        start = {"call": {"from": "+1", "type": "sip"}, "vars": {"l": "a"}, **options}
        plain = list(undisturbed(Interpreter.start(document, **start), world))
        resumed = list(interrupted(Interpreter.start(document, **start), world, again))
        assert resumed == plain
        return plain

    return same


def test_public_documents(shared, same):
    ran = 0
    for path in sorted((shared / "corpus").iterdir()):
        if path.suffix not in (".json", ".yaml"):
            continue
        text = path.read_text("utf-8")
        if ".frag." in path.name:
            steps = read_text(text).value
            steps = steps if isinstance(steps, list) else [steps]
            text = json.dumps({"sections": {"main": steps}})
        try:
            ran += len(same(text)) > 1
        except DocumentError:
            assert path.name.startswith("043-")
    assert ran > 150


blocks = st.deferred(lambda: st.lists(steps, max_size=4))
names = st.sampled_from(["l", "n", "x", "prompt_value", "return_value", "nothing"])
sections = st.sampled_from(["main", "one", "two"])
values = st.one_of(
    st.integers(-3, 3),
    st.booleans(),
    st.none(),
    st.sampled_from(["a", "b", "${n}", "<${x}>", "${vars.n + 1}", "${[n, x]}", "${params.a}"]),
    st.lists(st.sampled_from([1, "${x}"]), max_size=2),
)
conditions = st.sampled_from(["n > 2", "n % 2 == 0", "true", "x", "${n} == 1", "broken +"])
inner = st.sampled_from([REMOTE, '{"sections": {"main": [{"play": "in"}, {"return": "${n}"}]}}'])
dests = st.one_of(sections, st.just("https://remote"), st.just("${nowhere}"), inner)
entries = st.one_of(
    st.fixed_dictionaries({"when": conditions, "then": blocks}),
    st.fixed_dictionaries({"else": blocks}),
)
switches = st.fixed_dictionaries(
    {"variable": names, "case": st.dictionaries(st.sampled_from("012a"), blocks, max_size=2)},
    optional={"default": blocks},
)
results = st.one_of(switches, st.lists(entries, max_size=2))
steps = st.deferred(
    lambda: st.one_of(
        st.just("answer"),
        st.builds(lambda value: {"play": {"url": f"say:{value}"}}, values),
        st.builds(lambda name, value: {"set": {name: value}}, names, values),
        st.builds(lambda name: {"unset": name}, names),
        st.just({"label": "a"}),
        st.fixed_dictionaries(
            {"goto": st.fixed_dictionaries({"label": st.just("${l}"), "max": st.integers(1, 3)})}
        ),
        st.builds(lambda given: {"cond": given}, st.lists(entries, min_size=1, max_size=3)),
        st.builds(lambda given: {"switch": given}, switches),
        st.builds(
            lambda dest, after, result, value: {
                "execute": {
                    "dest": dest,
                    "params": {"a": value},
                    "on_return": after,
                    "result": result,
                }
            },
            dests,
            blocks,
            results,
            values,
        ),
        st.builds(lambda dest: {"transfer": {"dest": dest, "params": {"a": "${n}"}}}, dests),
        st.builds(lambda value: {"return": value}, values),
        st.builds(lambda result: {"connect": {"to": "x", "result": result}}, results),
        st.just("hangup"),
    )
)


@settings(max_examples=150, deadline=None)
@given(main=blocks, one=blocks, two=blocks)
def test_generated_documents(main, one, two):
    source = json.dumps({"sections": {"main": main, "one": one, "two": two}})
    CHECK["same"](source)


CHECK = {}


@pytest.fixture(autouse=True)
def _check(same):
    CHECK["same"] = same


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
