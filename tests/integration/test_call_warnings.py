"""What goes wrong in a running script: told to `script_status_url`, and the script goes on."""

from worlds.steps import SETTLED, STAY, play
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get, project


def test_warnings_are_told_with_their_step(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "script_status_url": inbox.url,
            "projects": [{**project(), "envs": {"greeting": "hello"}}],
        }
    )
    world.run(
        [
            *SETTLED,
            {"set": {"broken": "${this is no expression}", "said": "${greeting} ${call.state}"}},
            play("no sound at all"),
            {"amazon_bedrock": {"prompt": {"text": "nobody is here to do it"}}},
            report.step(),
        ],
        adapter=adapter,
    )
    said = report.wait()
    assert said["said"] == "hello answered"
    assert said["broken"] == ""
    assert said["amazon_bedrock_result"] == "failed"
    eventually(lambda: len(inbox.events) >= 3, what="a callback for each warning")
    told = [event["params"] for event in inbox.events]
    assert [one["code"] for one in told] == [
        "relay_script_js_eval_error",
        "relay_script_method_execute_failed",
        "relay_script_method_execute_failed",
    ]
    assert {event["event_type"] for event in inbox.events} == {"calling.script.warning"}
    assert [one["step"].partition("]")[0] for one in told] == ["main[2", "main[3", "main[4"]
    logged = [e for e in world.log_events(adapter) if e["event"] == "script warning"]
    call_id = report.wait_hit().json["call"]["call_id"]
    assert [(e["call_id"], e["code"], e["step"]) for e in logged] == [
        (call_id, one["code"], one["step"]) for one in told
    ]
    counted = [
        line.split()[1]
        for line in http_get(f"{adapter.url}/metrics").body.decode().splitlines()
        if line.startswith("swml_warnings_total{") and "method_execute_failed" in line
    ]
    assert counted == ["2.0"]


def test_a_warning_is_told_before_the_next_step_is_over(world: World) -> None:
    inbox = world.inbox()
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "script_status_url": inbox.url}
    )
    phone = world.call([{"set": {"x": "${broken +}"}}, {"answer": {}}, STAY], adapter=adapter)
    eventually(lambda: inbox.events, what="the callback, while the call goes on")
    assert not phone.ended


TOO_MUCH = {
    "relay_script_too_many_transfers": [{"transfer": "main"}],
    "relay_script_nested_too_deep": [{"execute": "main"}],
    "relay_script_internal_error": [{"set": {"n": number}} for number in range(50)],
}


def test_the_limits_of_a_script_are_settings(world: World) -> None:
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "script": {"transfers": 2, "depth": 3, "steps": 40, "jumps": 2},
        }
    )
    for steps in TOO_MUCH.values():
        world.run(steps, adapter=adapter)
    stopped = [each for each in world.log_events(adapter) if each["event"] == "script stopped"]
    assert [each["code"] for each in stopped] == list(TOO_MUCH)
    report = world.report()
    count = {"set": {"n": "${n + 1}"}}
    goto = {"goto": {"label": "a", "max": 50}}
    world.run([{"set": {"n": 0}}, {"label": "a"}, count, goto, report.step()], adapter=adapter)
    assert report.wait()["n"] == 3
