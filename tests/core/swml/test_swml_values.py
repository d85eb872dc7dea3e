"""Values become text and truth as in JavaScript."""

from time import process_time

import pytest

from adapter.swml.values import OVERSIZE, size_of, text_of, truth_of

TEXTS = [
    ("a", "a"),
    (None, ""),
    (True, "true"),
    (False, "false"),
    (5, "5"),
    (-5, "-5"),
    (10**20, "1" + "0" * 20),
    (5.0, "5"),
    (-0.0, "0"),
    (0.1 + 0.2, "0.30000000000000004"),
    (1e-5, "0.00001"),
    (1.5e-7, "1.5e-7"),
    (1e20, "1" + "0" * 20),
    (1e21, "1e+21"),
    (1.25e22, "1.25e+22"),
    ([1, "é", None], '[1,"é",null]'),
    ({"a": {"b": True}}, '{"a":{"b":true}}'),
    ([], "[]"),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_text(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("value", ["a", "0", "false", 1, -1, 0.5, True, [], {}, [0]])
def test_true(value):
    assert truth_of(value)


@pytest.mark.parametrize("value", ["", 0, 0.0, None, False])
def test_false(value):
    assert not truth_of(value)


def test_size_grows_with_what_there_is_to_save():
    assert (
        size_of("")
        < size_of("a")
        < size_of("a" * 100)
        < size_of(["a" * 100])
        < size_of(["a"] * 100)
    )


def test_size_is_counted_no_further_than_it_matters():
    """Half a million elements take no longer than those up to the limit."""
    huge, large = [1] * 500_000, [1] * 10_000
    assert size_of(huge, 1000) < 1100
    assert size_of(huge) > 1_000_000
    assert shortest(lambda: size_of(huge, 80_000)) < 5 * shortest(lambda: size_of(large))


def shortest(run):
    spans = []
    for _ in range(10):
        start = process_time()
        run()
        spans.append(process_time() - start)
    return min(spans)


def test_what_is_nested_too_deep_has_no_size():
    value = []
    for _ in range(100):
        value = [value]
    assert size_of(value) >= OVERSIZE
