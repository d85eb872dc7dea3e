"""Where a call's document comes from, what is asked for it, and what happens without one."""

import base64
from typing import Any

import pytest
import yaml
from worlds.receiver import Answer, Hit
from worlds.sounds import tone
from worlds.steps import SETTLED, play, sleep
from worlds.waiting import eventually
from worlds.world import DOCUMENTS, World, document

BROKEN = {
    "no YAML": ("sections: [", "relay_script_parse_error"),
    "no sections": ('{"version": "1.0.0"}', "relay_script_sections_missing"),
    "a server's error": ('{"error": "Path not found"}', "relay_script_"),
    "no main": ("sections: {other: [hangup]}", "relay_script_main_section_missing"),
    "an unknown method": ("sections: {main: [dance]}", "relay_script_method_undefined"),
}


def telling(world: World, what: str, **more: Any) -> tuple[list[Any], Any]:
    """Steps that say which document they are of, and the report in which they say it."""
    report = world.report()
    return [{"set": {"document": what, **more}}, {"answer": {}}, report.step()], report


def file_with(world: World, name: str, steps: list[Any]) -> str:
    path = world.folder / name
    path.write_text(document(steps))
    return str(path)


# -- how it is asked for --------------------------------------------------------------------


def test_the_request_tells_everything_of_the_call(world: World) -> None:
    report = world.report()
    seen = {
        "ticket": "${call.headers['X-Ticket']}",
        "whole": "${call}",
        "user": "%{call.sip_data.sip_from_user}",
        "state": "${call.call_state + ' ' + call.direction}",
    }
    phone = world.run([{"set": seen}, report.step()], caller="1444", headers={"X-Ticket": "T 42"})
    hit = world.wait_fetch(phone.number)
    assert hit.method == "POST"
    assert hit.headers["Content-Type"] == "application/json"
    assert hit.headers["X-SignalWire-Signature"]
    body = hit.json
    assert set(body) == {"call", "vars", "envs", "params"}
    assert body["vars"] == body["params"] == {}
    call = body["call"]
    assert call["direction"] == "inbound"
    assert call["call_state"] == "created"
    assert call["type"] == "sip"
    assert "1444" in call["from"]
    assert phone.number in call["to"]
    assert {"name": "X-Ticket", "value": "T 42"} in call["headers"]
    sip = call["sip_data"]
    assert sip.keys() >= {
        f"sip_{part}_{field}"
        for part in ("req", "from", "to", "contact")
        for field in ("user", "uri", "host")
    }
    assert sip["sip_from_user"] == "1444"
    assert sip["sip_req_user"] == sip["sip_to_user"] == phone.number
    assert sip["sip_contact_user"].startswith("1444")
    assert sip["sip_contact_port"].isdecimal()
    assert isinstance(sip["sip_contact_params"], dict)
    assert len(call["call_id"]) == 36
    assert all(call[name] for name in ("node_id", "project_id", "space_id", "segment_id"))
    told = report.wait()
    assert (told["ticket"], told["user"], told["state"]) == ("T 42", "1444", "created inbound")
    assert told["whole"] == call == report.wait_hit().json["call"]


def test_a_second_document_is_asked_for_with_variables_and_parameters(world: World) -> None:
    """YAML that calls itself HTML, and JSON that calls itself YAML, are what their bodies say."""
    report = world.report()
    steps = [{"set": {"second": "${params.word}"}}, {"execute": "${third}"}, report.step()]
    url = world.receiver.serve(f"{DOCUMENTS}/second", document(steps).encode(), "text/html")
    third = b'{"sections": {"main": [{"set": {"third": "JSON"}}]}}'
    json_url = world.receiver.serve(f"{DOCUMENTS}/third", third, "application/yaml")
    phone = world.call(
        [
            {"set": {"first": "yes", "third": json_url}},
            {"transfer": {"dest": url, "params": {"word": 5}}},
        ]
    )
    told = report.wait()
    assert (told["first"], told["second"], told["third"]) == ("yes", "5", "JSON")
    (hit,) = world.receiver.hits_of(f"{DOCUMENTS}/second")
    assert hit.json["params"] == {"word": "5"}
    assert hit.json["vars"]["first"] == "yes"
    assert hit.json["call"]["call_id"] == world.wait_fetch(phone.number).json["call"]["call_id"]


def test_an_answer_that_sends_elsewhere_is_followed_with_the_same_request(world: World) -> None:
    report = world.report()
    url = world.write_document("elsewhere", [report.step()])
    world.receiver.respond(
        f"{DOCUMENTS}/moved", lambda _: Answer(307, headers={"Location": "elsewhere"})
    )
    moved = url.replace("elsewhere", "moved").replace("http://", "http://user:secret@")
    world.run([{"execute": {"dest": moved, "params": {"a": "b"}}}])
    report.wait()
    (hit,) = world.receiver.hits_of(f"{DOCUMENTS}/elsewhere")
    assert hit.method == "POST"
    assert hit.json["params"] == {"a": "b"}
    assert hit.headers["Authorization"] == f"Basic {base64.b64encode(b'user:secret').decode()}"


# -- which it is -----------------------------------------------------------------------------


def test_the_dialplan_names_it(world: World) -> None:
    steps, report = telling(world, "the dialplan's")
    url = world.write_document("by-variable", steps)
    world.run(["hangup"], variables={"swml_url": url})
    assert report.wait()["document"] == "the dialplan's"


def test_the_path_of_the_socket_decides(world: World) -> None:
    by_path, report = telling(world, "sales")
    adapter = world.start_adapter(
        {
            "routes": [
                {"path": "support", "swml": file_with(world, "support.yaml", ["hangup"])},
                {"path": "sales", "swml": file_with(world, "sales.yaml", by_path)},
            ],
            "swml": file_with(world, "default.yaml", ["hangup"]),
        }
    )
    world.call(adapter=adapter)
    assert report.wait()["document"] == "sales"


def test_a_folder_has_documents_by_name_and_no_others(world: World) -> None:
    folder = world.folder / "open"
    (folder / "menus").mkdir(parents=True)
    (folder / "index.yaml").write_text("sales: menus/first.yaml\n")
    file_with(world, "secret.yaml", ["hangup"])
    report = world.report()
    (folder / "menus" / "first.yaml").write_text(
        document(
            [
                {"execute": "file:second"},
                {"execute": f"file://{world.folder}/secret.yaml"},
                {"execute": "file:../secret"},
                report.step(),
            ]
        )
    )
    (folder / "second.yaml").write_text(document([{"set": {"second": "was here"}}]))
    adapter = world.start_adapter(
        {"routes": [{"path": "*", "folder": str(folder)}], "documents": {"folder": str(folder)}}
    )
    world.call(adapter=adapter)
    told = report.wait()
    assert told["second"] == "was here"
    assert told["script_error"] == "relay_script_method_execute_failed"
    refused = [event for event in world.log_events(adapter) if "no such document" in str(event)]
    assert len(refused) == 2


def test_the_number_decides(world: World) -> None:
    by_number, found = telling(world, "by number")
    default, other = telling(world, "default")
    adapter = world.start_adapter(
        {
            "routes": [{"to": r"^route-\d+$", "swml": file_with(world, "number.yaml", by_number)}],
            "swml": file_with(world, "default.yaml", default),
        }
    )
    world.call(to=world.new_number("route"), adapter=adapter)
    world.call(to=world.new_number("no-route"), adapter=adapter)
    assert found.wait()["document"] == "by number"
    assert other.wait()["document"] == "default"


def test_the_command_line_names_it(world: World) -> None:
    steps, report = telling(world, "a file")
    adapter = world.start_adapter(arguments=["--swml", file_with(world, "file.yaml", steps)])
    world.call(adapter=adapter)
    assert report.wait()["document"] == "a file"


@pytest.mark.parametrize("failure", ["status 500", "no document", "no answer"])
def test_the_fallback_is_used_when_it_cannot_be_had(world: World, failure: str) -> None:
    answers = {"status 500": Answer(500), "no document": Answer(200, b"<html>sorry</html>")}
    steps, report = telling(world, "fallback")
    path = f"/failing/{world.new_number()}"
    url = world.receiver.respond(path, lambda _: answers.get(failure, Answer(delay=3)))
    adapter = world.start_adapter(
        {
            "swml": url,
            "fallback": file_with(world, "fallback.yaml", steps),
            "documents": {"read_timeout": 0.5},
        }
    )
    world.call(adapter=adapter)
    assert report.wait()["document"] == "fallback"
    assert len(world.receiver.hits_of(path)) == 1


# -- when it is none -------------------------------------------------------------------------


@pytest.mark.parametrize("what", list(BROKEN))
def test_a_broken_document_is_told_on_the_channel_and_to_the_caller(
    world: World, what: str
) -> None:
    text, code = BROKEN[what]
    phone = world.run(text)
    assert phone.sip_status == 503
    channel = world.switch.wait_ending(phone.number)
    assert channel["variable_script_error"].startswith(code)
    assert channel["Hangup-Cause"] == "NORMAL_TEMPORARY_FAILURE"
    errors = [event for event in world.log_events() if event["event"] == "no document"]
    assert [event["code"] for event in errors] == [channel["variable_script_error"]]


def test_a_server_that_fails_ends_the_call(world: World) -> None:
    number = world.new_number()
    world.receiver.respond(f"{DOCUMENTS}/{number}", lambda _: Answer(500))
    phone = world.call(to=number)
    phone.wait_ended()
    assert phone.sip_status == 503


def test_an_unknown_parameter_is_ignored_and_logged_once(world: World) -> None:
    steps = [*SETTLED, {"play": {"url": "ring:0.4:us", "unknown_to_all": 1}}]
    body = document(steps) + "# an unknown parameter\n"
    phones = [world.call(body), world.call(body)]
    for phone in phones:
        phone.wait_ended()
        assert phone.hear().seconds_of(440, 480) > 0.2
    logged = [event for event in world.log_events() if "unknown_to_all" in str(event)]
    warnings = [event for event in logged if event["level"] == "warning"]
    assert len(warnings) == 1
    assert warnings[0]["code"] == "relay_script_method_parameter_undefined"
    assert warnings[0]["line"]


def test_a_failed_expression_is_told_and_the_step_goes_on(world: World) -> None:
    report = world.report()
    sound = world.sound(tone(700, seconds=0.4))
    phone = world.run(
        [
            *SETTLED,
            {"set": {"empty": "a${nobody.knows(this}b"}},
            report.step(),
            play(sound),
        ]
    )
    told = report.wait()
    assert told["script_error"].startswith("relay_script_js_eval_error")
    assert phone.hear().seconds_of(700) > 0.25


def test_a_script_that_never_ends_is_stopped_with_its_call(world: World) -> None:
    body = yaml.safe_dump(
        {"sections": {"main": [{"label": "again"}, sleep(0.05), {"goto": {"label": "again"}}]}}
    )
    phone = world.call(body)
    phone.wait_ended()
    assert world.switch.wait_ending(phone.number)


def test_documents_are_fetched_for_every_call_anew(world: World) -> None:
    number = world.new_number()
    answers = iter(["busy", "decline"])

    def answer(_: Hit) -> Answer:
        return Answer(200, document([{"hangup": next(answers)}]).encode())

    world.receiver.respond(f"{DOCUMENTS}/{number}", answer)
    seen = []
    for _ in range(2):
        phone = world.call(to=number)
        phone.wait_ended()
        seen.append(phone.sip_status)
    assert seen == [486, 603]
    eventually(lambda: len(world.fetches(number)) == 2)
