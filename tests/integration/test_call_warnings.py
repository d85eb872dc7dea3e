"""What goes wrong in a running script: told to `script_status_url`, and the script goes on."""

from worlds.steps import SETTLED, play
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, project


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
