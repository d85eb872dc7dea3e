"""What a message says of what to do next, for the mistakes that people make."""

from time import process_time

import pytest

from adapter import methods
from adapter.swml.errors import DocumentError
from adapter.swml.loading import load

HEAD = "version: 1.0.0\nsections:\n  main:\n"

HINTS = {
    "a tab": ("sections:\n\tmain:\n", 2, "indent with blanks: YAML takes no tabs"),
    "a colon": (HEAD + "    - play: say:Hello: welcome", 4, "put the whole text in quotes"),
    "a percent sign": (HEAD + "    - play: %{greeting}", 4, "put the whole text in quotes"),
    "open quotes": (HEAD + "    - play: 'say:a\n    - hangup\n", 4, "quotes that begin here"),
    "an open bracket": (HEAD + "    - play: {url: a\n    - hangup\n", 5, "a bracket is not closed"),
    "a comment in JSON": ('{"sections":\n // main\n{}}', 2, "JSON has no comments"),
    "a comma too many": ('{"sections": {\n"main": [],\n}}', 3, "take away the comma before }"),
    "single quotes": ("{'sections': {}}", 1, "texts stand in double quotes"),
    "nothing": ("# nothing", None, "this is empty"),
    "HTML": ("<html><body>Not found</body></html>", 1, "this is HTML"),
    "steps alone": ("- answer", 1, "put the steps below `sections:` and `main:`"),
    "a version": ("version: 1.0\nsections: {main: [hangup]}", 1, "`version: 1.0.0`, not 1.0"),
    "a letter wrong": (HEAD + "    - awnser", 4, "no method awnser; did you mean answer?"),
    "a capital": (HEAD + "    - Play: x", 4, "did you mean play?"),
    "another language's": (HEAD + "    - say: hello", 4, "no method say; write `play: say:…`"),
    "a parameter": (HEAD + "    - play: {ulr: x}", 4, "there is no parameter ulr; it is ignored"),
    "a parameter's name": (HEAD + "    - play: {ulr: x}", 4, "did you mean url?"),
    "parameters beside it": (HEAD + "    - play:\n      url: x", 5, "url: indent this further"),
    "one of them a method": (
        HEAD + "    - prompt:\n      play: x\n      max_digits: 1",
        5,
        "play, max_digits: indent this further than prompt",
    ),
    "keys that are none": (HEAD + "    - send_digits: 1x", 4, "use only 0-9A-Da-d*#wW, not '1x'"),
}


@pytest.mark.parametrize(("source", "line", "hint"), HINTS.values(), ids=HINTS)
def test_a_message_says_what_to_do(source, line, hint):
    with pytest.raises(DocumentError) as caught:
        load(source, methods.catalog())
    assert [fault.line for fault in caught.value.faults if hint in fault.message] == [line], [
        str(fault) for fault in caught.value.faults
    ]


def test_a_text_full_of_faults_is_read_at_once():
    source = HEAD + "".join(f"    - plya{number}: x\n" for number in range(10_000))
    began = process_time()
    with pytest.raises(DocumentError) as caught:
        load(source, methods.catalog())
    assert len(caught.value.faults) == 10_000
    assert process_time() - began < 3
