"""What the switch expands in an application's argument, as observed on a real one."""

import pytest

from adapter.simswitch.expand import expand

VARIABLES = {
    "caller_id_number": "1555",
    "foo": "${bar}",
    "evil": "${system(touch /x)}",
    "loop": "${loop}",
    "hostname": "vm",
}


class Calls:
    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    def __call__(self, name: str, argument: str) -> str:
        self.made.append((name, argument))
        return f"<{name}>"


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain text, 5% off $5", "plain text, 5% off $5"),
        ("${caller_id_number}", "1555"),
        ("[${CALLER_ID_NUMBER:1:2}]", "[]"),
        ("${caller_id_number:1:2}", "55"),
        ("${caller_id_number:-2}", "55"),
        ("${nope}|", "|"),
        ("$${hostname}", "vm"),
        ("\\${x}", "${x}"),
        ("${foo}", ""),
        ("a ${strftime(%Y)} b", "a <strftime> b"),
        ("${system echo hi}", "<system>"),
        ("${unclosed", ""),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, VARIABLES.get, Calls()) == expanded


def test_calls_get_their_expanded_argument() -> None:
    calls = Calls()
    expand("${system(echo ${caller_id_number} (x))}", VARIABLES.get, calls)
    assert calls.made == [("system", "echo 1555 (x)")]


def test_a_value_is_expanded_when_it_is_put_in() -> None:
    calls = Calls()
    expand("log ${evil}", VARIABLES.get, calls)
    assert calls.made == [("system", "touch /x")]


def test_a_value_that_names_itself_ends() -> None:
    assert expand("${loop}", VARIABLES.get, Calls()) in {"", "${loop}"}
