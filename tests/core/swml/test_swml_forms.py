"""Every short and lenient form means what its long form means."""

import pytest
from swml_forms import FORMS

from adapter.swml.effects import Result
from adapter.swml.loading import load


@pytest.mark.parametrize(("source", "expected"), FORMS.values(), ids=FORMS)
def test_form(effects, source, expected):
    assert effects(source) == expected


@pytest.mark.parametrize("source", [source for source, _ in FORMS.values()], ids=FORMS)
def test_every_form_gives_valid_parameters(start, catalog, source):
    script = start(source)
    while (effect := script.next_effect()) is not None:
        catalog.get(effect.method).parse(effect.params)
        script.apply(Result())


LONG = {
    "stereo as text": ("record_call: {stereo: 'true'}", "record_call: {stereo: true}"),
    "beep as text": ("record: {beep: 'false'}", "record: {beep: false}"),
    "max_length as text": ("record_call: {max_length: '30'}", "record_call: {max_length: 30}"),
    "a terminator as a number": (
        "record_call: {terminators: 5}",
        "record_call: {terminators: '5'}",
    ),
    "digits as a number": ("send_digits: 12", "send_digits: {digits: '12'}"),
    "answer with seconds": ("answer: 3600", "answer: {max_duration: 3600}"),
    "hangup with a reason": ("hangup: busy", "hangup: {reason: busy}"),
    "play with text": ("play: 'say:x'", "play: {urls: ['say:x']}"),
    "play with a list": ("play: ['say:x', 'say:y']", "play: {urls: ['say:x', 'say:y']}"),
    "url as a list": ("play: {url: ['say:x', 'say:y']}", "play: {urls: ['say:x', 'say:y']}"),
    "urls as text": ("play: {urls: 'say:x'}", "play: {urls: ['say:x']}"),
    "prompt with text": ("prompt: 'say:x'", "prompt: {play: ['say:x']}"),
    "max_digits as text": (
        "prompt: {play: x, max_digits: '4'}",
        "prompt: {play: x, max_digits: 4}",
    ),
    "a bare destination": (
        "connect: {serial: ['sip:a@b']}",
        "connect: {serial: [{to: 'sip:a@b'}]}",
    ),
    "a group of bare destinations": (
        "connect: {serial_parallel: [['sip:a@b', 'sip:c@d']]}",
        "connect: {serial_parallel: [[{to: 'sip:a@b'}, {to: 'sip:c@d'}]]}",
    ),
    "a number that begins with plus": (
        "connect: {to: +15551112222}",
        "connect: {to: '+15551112222'}",
    ),
    "sleep with a number": ("sleep: 500", "sleep: {duration: 500}"),
    "sleep with text": ("sleep: '500'", "sleep: {duration: 500}"),
    "sleep with time": ("sleep: {time: 500}", "sleep: {duration: 500}"),
    "method in lower case": (
        "request: {url: 'http://x', method: get}",
        "request: {url: 'http://x', method: GET}",
    ),
    "beep as a boolean": (
        "join_conference: {name: a, beep: true}",
        "join_conference: {name: a, beep: 'true'}",
    ),
    "the stopper's other name": ("stop_call_record: r", "stop_record_call: {control_id: r}"),
}


@pytest.mark.parametrize(("form", "long_form"), LONG.values(), ids=LONG)
def test_a_form_is_taken_as_its_long_form(start, catalog, form, long_form):
    def sounds(values):
        urls = [values.pop("url", None), *(values.pop("urls", None) or [])]
        return [url for given in urls for url in (given if isinstance(given, list) else [given])]

    def taken(step):
        effect = start(f"- {step}").next_effect()
        values = catalog.get(effect.method).parse(effect.params).model_dump()
        return effect.method, [url for url in sounds(values) if url is not None], values

    assert taken(form) == taken(long_form)


def test_bytes_are_read_as_utf_8(catalog):
    document = load("sections: {main: [{play: 'say:é'}]}".encode(), catalog)
    assert document.source.endswith("'say:é'}]}")


def test_key_order_is_kept(variables):
    assert list(variables("- set: {z: 1, a: 2, m: 3}")) == ["z", "a", "m"]
