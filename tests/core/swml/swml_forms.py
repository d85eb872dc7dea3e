"""Every short and lenient form of a document, and what is done for it."""

from typing import Any

Effects = list[tuple[str, dict[str, Any]]]


def as_document(source: str) -> str:
    """Text that is only steps, put into a `main`."""
    if not source.lstrip().startswith("- "):
        return source
    steps = "\n".join(f"    {line}" for line in source.split("\n"))
    return f"sections:\n  main:\n{steps}"


PLAY_X: Effects = [("play", {"url": "say:x"})]
HANGUP: Effects = [("hangup", {})]

FORMS: dict[str, tuple[str, Effects]] = {
    "the long form": ("- play: {url: 'say:x'}", PLAY_X),
    "a method alone": ("- hangup", HANGUP),
    "a method alone, quoted": ("- 'hangup'", HANGUP),
    "a method with nothing": ("- hangup:", HANGUP),
    "a method with null": ("- hangup: null", HANGUP),
    "a method with {}": ("- hangup: {}", HANGUP),
    "a method with an empty list": ("- hangup: []", HANGUP),
    "a method with true": ("- denoise: true", [("denoise", {})]),
    **{
        f"{name} alone": (f"- {name}", [(name, {})])
        for name in (
            "answer",
            "record",
            "record_call",
            "stop_record_call",
            "denoise",
            "stop_denoise",
            "receive_fax",
            "stop_tap",
        )
    },
    **{
        f"{name} with {{}}": (f"- {name}: {{}}", [(name, {})])
        for name in (
            "answer",
            "denoise",
            "stop_denoise",
            "record",
            "record_call",
            "stop_record_call",
            "stop_tap",
            "stop_stream",
            "receive_fax",
            "transcribe",
            "transcribe_stop",
            "detect_machine",
        )
    },
    "set with {}": ("- set: {}\n- hangup", HANGUP),
    "live_transcribe that stops": (
        "- live_transcribe: {action: stop}",
        [("live_transcribe", {"action": "stop"})],
    ),
    "live_translate that sums up": (
        "- live_translate: {action: summarize}",
        [("live_translate", {"action": "summarize"})],
    ),
    "several methods in one step": (
        "- {answer: {}, play: {url: 'say:x'}, hangup: {}}",
        [("answer", {}), *PLAY_X, *HANGUP],
    ),
    "marks of an editor": ("- {play: {url: 'say:x'}, ':l': 3, ':c': 5}", PLAY_X),
    "play with text": ("- play: 'say:x'", PLAY_X),
    "play with a list": ("- play: ['say:x', 'say:y']", [("play", {"urls": ["say:x", "say:y"]})]),
    "play with a placeholder": ("- play: '${call.type}'", [("play", {"url": "sip"})]),
    "url as a list": ("- play: {url: ['say:x']}", [("play", {"url": ["say:x"]})]),
    "urls as text": ("- play: {urls: 'say:x'}", [("play", {"urls": "say:x"})]),
    "urls mixed": (
        "- play: {urls: ['say:x', '${call.type}']}",
        [("play", {"urls": ["say:x", "sip"]})],
    ),
    "answer with true": ("- answer: true", [("answer", {})]),
    "answer with seconds": ("- answer: 3600", [("answer", {"max_duration": 3600})]),
    "hangup with a reason": ("- hangup: busy", [("hangup", {"reason": "busy"})]),
    "prompt with text": ("- prompt: 'say:x'", [("prompt", {"play": "say:x"})]),
    "prompt with a list": ("- prompt: ['say:x']", [("prompt", {"play": ["say:x"]})]),
    "sleep with a number": ("- sleep: 500", [("sleep", {"duration": 500})]),
    "sleep with a placeholder": (
        "- set: {ms: 250}\n- sleep: '${ms}'",
        [("sleep", {"duration": 250})],
    ),
    "sleep with time": ("- sleep: {time: 500}", [("sleep", {"time": 500})]),
    "sleep for ever": ("- sleep: -1", [("sleep", {"duration": -1})]),
    "send_digits with text": ("- send_digits: '12'", [("send_digits", {"digits": "12"})]),
    "join_room with a name": ("- join_room: r", [("join_room", {"name": "r"})]),
    "send_fax with a URL": ("- send_fax: 'http://x/y'", [("send_fax", {"document": "http://x/y"})]),
    "sip_refer with a URI": ("- sip_refer: 'sip:a@b'", [("sip_refer", {"to_uri": "sip:a@b"})]),
    "tap with a URI": ("- tap: 'rtp://1.2.3.4:5'", [("tap", {"uri": "rtp://1.2.3.4:5"})]),
    "stop_tap with an id": ("- stop_tap: t", [("stop_tap", {"control_id": "t"})]),
    "stop_record_call with an id": (
        "- stop_record_call: r",
        [("stop_record_call", {"control_id": "r"})],
    ),
    "the stopper's other name": (
        "- stop_call_record: r",
        [("stop_record_call", {"control_id": "r"})],
    ),
    "a boolean as text": (
        "- record_call: {stereo: 'true'}",
        [("record_call", {"stereo": "true"})],
    ),
    "a number as text": (
        "- record_call: {max_length: '30', input_sensitivity: '50.5'}",
        [("record_call", {"max_length": "30", "input_sensitivity": "50.5"})],
    ),
    "connect with bare destinations": (
        "- connect: {serial: ['+15551112222', 'sip:a@b']}",
        [("connect", {"serial": ["+15551112222", "sip:a@b"]})],
    ),
    "connect with bare destinations at once": (
        "- connect: {parallel: ['+15551112222', {to: 'sip:a@b'}]}",
        [("connect", {"parallel": ["+15551112222", {"to": "sip:a@b"}]})],
    ),
    "connect with bare destinations in groups": (
        "- connect: {serial_parallel: [['+15551112222', 'sip:a@b'], ['sip:c@d']]}",
        [("connect", {"serial_parallel": [["+15551112222", "sip:a@b"], ["sip:c@d"]]})],
    ),
    "a number that begins with plus": (
        "- connect: {to: +15551112222}",
        [("connect", {"to": "+15551112222"})],
    ),
    "a method in lower case": (
        "- request: {url: 'http://x', method: get}",
        [("request", {"url": "http://x", "method": "get"})],
    ),
    "a body that is a list": (
        "- request: {url: 'http://x', method: POST, body: [1, a]}",
        [("request", {"url": "http://x", "method": "POST", "body": [1, "a"]})],
    ),
    "execute with a section": (
        "sections: {main: [{execute: sub}], sub: [{play: 'say:x'}]}",
        PLAY_X,
    ),
    "transfer with a section": (
        "sections: {main: [{transfer: sub}], sub: [{play: 'say:x'}]}",
        PLAY_X,
    ),
    "execute as a list of one-key objects": (
        "sections: {main: [{execute: [{dest: sub}, {params: {a: x}}]}],"
        " sub: [{play: 'say:${params.a}'}]}",
        PLAY_X,
    ),
    "transfer as a list of one-key objects": (
        "sections: {main: [{transfer: [{dest: sub}, {params: [{a: x}]}]}],"
        " sub: [{play: 'say:${params.a}'}]}",
        PLAY_X,
    ),
    "a section that is one step": ("sections: {main: {play: 'say:x'}}", PLAY_X),
    "a section that is a method's name": ("sections: {main: hangup}", HANGUP),
    "then that is one step": ("- cond: [{when: 'true', then: {play: 'say:x'}}]", PLAY_X),
    "then that is a name": ("- cond: [{when: 'true', then: hangup}]", HANGUP),
    "then that is nothing": ("- cond: [{when: 'true', then: null}]", []),
    "when, then and else in one entry": (
        "- cond: [{when: 'false', then: [answer], else: [hangup]}]",
        HANGUP,
    ),
    "cond with else alone": ("- cond: [{else: [hangup]}]", HANGUP),
    "else that is one step": ("- cond: [{else: {play: 'say:x'}}]", PLAY_X),
    "cond as one entry": ("- cond: {when: 'true', then: [hangup]}", HANGUP),
    "a case that is one step": ("- switch: {variable: call.type, case: {sip: hangup}}", HANGUP),
    "a case that is a number": (
        "- set: {n: 5}\n- switch: {variable: n, case: {5: [hangup]}}",
        HANGUP,
    ),
    "a case that is a word of YAML": (
        "- set: {answer: 'yes'}\n- switch: {variable: answer, case: {yes: [hangup], no: []}}",
        HANGUP,
    ),
    "default that is one step": (
        "- switch: {variable: nothing, case: {a: []}, default: hangup}",
        HANGUP,
    ),
    "on_return that is one step": (
        "sections: {main: [{execute: {dest: sub, on_return: hangup}}], sub: [{return: 1}]}",
        HANGUP,
    ),
    "if": ("- if: {condition: 'true', then: [hangup], else: [answer]}", HANGUP),
    "if, else": ("- if: {condition: 'false', then: [answer], else: hangup}", HANGUP),
    "eval": ("- eval: {x: 1 + 1}\n- play: 'say:${x}'", [("play", {"url": "say:2"})]),
    "unset one": ("- set: {x: 1}\n- unset: x\n- play: 'say:${x}'", [("play", {"url": "say:"})]),
    "unset several": (
        "- set: {x: 1, y: 2}\n- unset: [x, y]\n- play: 'say:${x}${y}'",
        [("play", {"url": "say:"})],
    ),
    "return alone": ("- return\n- hangup", []),
    "return text": ("- return: done\n- hangup", []),
    "return a list": ("- return: [1, {a: b}]\n- hangup", []),
    "return null": ("- return: null\n- hangup", []),
    "return {}": ("- return: {}\n- hangup", []),
    "JSON": ('{"version": "1.0.0", "sections": {"main": [{"play": "say:x"}]}}', PLAY_X),
    "JSON after blanks": ('\n  {"sections": {"main": ["hangup"]}}', HANGUP),
    "JSON with a byte order mark": ('\ufeff{"sections": {"main": ["hangup"]}}', HANGUP),
    "no version": ("sections: {main: [hangup]}", HANGUP),
    "an anchor": (
        "sections: {main: [&p {play: 'say:x'}, hangup], other: [*p]}",
        [*PLAY_X, *HANGUP],
    ),
    "a merge": (
        "x: &d {format: mp3}\nsections: {main: [{record_call: {<<: *d, stereo: true}}]}",
        [("record_call", {"stereo": True, "format": "mp3"})],
    ),
}
