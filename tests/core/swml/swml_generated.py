"""Documents made by hypothesis: every control method, in each other, with values of every kind."""

import json

from hypothesis import strategies as st
from swml_world import REMOTE

names = st.sampled_from(["l", "n", "x", "last", "prompt_value", "return_value", "nothing"])
labels = st.sampled_from(["start", "${l}", "${'b'}"])
texts = st.sampled_from(
    [
        "a",
        "b",
        "${n}",
        "%{n}",
        "<${x}>",
        "${vars.n + 1}",
        "${[n, x]}",
        "${params.a}",
        "${vars}",
        "${call.headers[0].value}",
        "${'ab'.replace(/a/, n)}",
        "${nothing.at.all}",
        "${broken +}",
    ]
)
values = st.one_of(
    st.integers(-3, 3),
    st.just(2.5),
    st.booleans(),
    st.none(),
    texts,
    st.lists(st.sampled_from([1, "${x}"]), max_size=2),
    st.dictionaries(st.sampled_from("ab"), texts, max_size=2),
)
conditions = st.sampled_from(
    ["n > 2", "n % 2 == 0", "true", "x", "${n} == 1", "params.a == '1'", "broken +", True]
)
code = st.sampled_from(["n + 1", "vars.n * 2", "[n, 'b']", "broken +", "call.type", "undefined"])
inner = st.sampled_from(
    [
        *REMOTE,
        '{"sections": {"main": [{"play": "in"}, {"return": "${n}"}]}}',
        {
            "sections": {
                "main": [{"execute": "sub"}, {"play": "${return_value}"}],
                "sub": ["answer"],
            }
        },
    ]
)
sections = st.sampled_from(["main", "one", "two"])
dests = st.one_of(sections, st.sampled_from(["https://remote", "${nowhere}", "${l}"]), inner)
counts = st.sampled_from([1, 500, "${n}", "2"])
blocks = st.deferred(lambda: st.one_of(st.lists(steps, max_size=4), steps))
entries = st.one_of(
    st.fixed_dictionaries({"when": conditions, "then": blocks}),
    st.fixed_dictionaries({"else": blocks}),
)
switches = st.fixed_dictionaries(
    {
        "variable": st.one_of(names, st.sampled_from(["vars.n", "params.a", "${n}"])),
        "case": st.dictionaries(st.sampled_from(["0", "1", "2", "a"]), blocks, max_size=2),
    },
    optional={"default": blocks},
)
results = st.one_of(switches, st.lists(entries, max_size=2))


def _method(name, parameters, **optional):
    return st.fixed_dictionaries({name: st.fixed_dictionaries(parameters, optional=optional)})


controls = {
    "set": st.builds(lambda given: {"set": given}, st.dictionaries(names, values, min_size=1)),
    "eval": st.builds(lambda given: {"eval": given}, st.dictionaries(names, code, min_size=1)),
    "unset": st.builds(lambda name: {"unset": name}, st.one_of(names, st.lists(names, max_size=2))),
    "label": st.builds(lambda label: {"label": label}, st.sampled_from("ab")),
    "goto": _method("goto", {"label": labels, "max": st.integers(1, 3)}, when=conditions),
    "cond": st.builds(lambda given: {"cond": given}, st.lists(entries, min_size=1, max_size=3)),
    "if": _method("if", {"condition": conditions, "then": blocks}, **{"else": blocks}),
    "switch": st.builds(lambda given: {"switch": given}, switches),
    "execute": _method(
        "execute",
        {"dest": dests, "params": st.fixed_dictionaries({"a": values})},
        on_return=blocks,
        result=results,
    ),
    "transfer": _method("transfer", {"dest": dests}, params=st.fixed_dictionaries({"a": values})),
    "return": st.builds(lambda value: {"return": value}, values),
}
acts = st.one_of(
    st.sampled_from(["answer", "hangup", {"stop_record_call": None}]),
    st.builds(lambda value: {"play": {"url": f"say:{value}"}}, values),
    st.builds(lambda count: {"sleep": count}, counts),
    st.builds(
        lambda value: {"request": {"url": "http://x/", "method": "POST", "body": value}}, values
    ),
    st.builds(lambda count: {"prompt": {"play": "say:x", "max_digits": count}}, counts),
    st.builds(lambda result: {"connect": {"to": "x", "result": result}}, results),
    st.builds(lambda one, two: {"play": one, "set": {"n": two}}, texts, values),
)
steps = st.deferred(lambda: st.one_of(acts, *controls.values()))
sections_of_steps = st.builds(
    lambda steps: [{"label": "start"}, *steps], st.lists(steps, min_size=4, max_size=8)
)
documents = st.builds(
    lambda main, one, two: json.dumps({"sections": {"main": main, "one": one, "two": two}}),
    sections_of_steps,
    sections_of_steps,
    sections_of_steps,
)
"""Their texts."""
