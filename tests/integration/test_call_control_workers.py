"""Commands reach a call whichever worker process has it, and whichever gets the request."""

from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record
from worlds.world import PROJECT, SPACE, TOKEN, World, documents_by_number

OTHER = {"id": "other-project", "token": "PT_of_the_other_project"}
REQUESTS = 12
"""Each on a connection of its own: with two workers, each gets some of them."""


def test_every_worker_takes_commands_for_every_call(world: World) -> None:
    ours = {"id": PROJECT, "space_id": SPACE, "token": TOKEN}
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "projects": [ours, OTHER]},
        arguments=("--workers", "2"),
    )
    rest, stranger = Rest(adapter.url), Rest(adapter.url, OTHER["id"], OTHER["token"])
    inboxes = [world.inbox() for _ in range(2)]
    phones = [
        world.call([*SETTLED, record(inbox, "r"), STAY], says=tone(440), adapter=adapter)
        for inbox in inboxes
    ]
    calls = [inbox.wait_for("recording")["call_id"] for inbox in inboxes]
    for number in range(REQUESTS):
        command = "calling.record.resume" if number % 2 else "calling.record.pause"
        for call_id in calls:
            assert rest.do(command, call_id, control_id="r").body["id"] == call_id
            unknown = stranger.ask(command, call_id, control_id="r")
            assert (unknown.status, unknown.body["error"]) == (404, "Not Found")
    wrong = [rest.ask("calling.record.pause", calls[0], control_id="x") for _ in range(4)]
    assert {(each.status, *each.error) for each in wrong} == {
        (422, "invalid_parameter", "control_id")
    }
    nowhere = [rest.ask("calling.end", "00000000-0000-4000-8000-000000000000") for _ in range(4)]
    assert {each.status for each in nowhere} == {404}
    for call_id, phone in zip(calls, phones, strict=True):
        rest.do("calling.end", call_id)
        phone.wait_ended()
    for inbox in inboxes:
        inbox.wait_for("finished")
        assert inbox.states() == [
            "recording",
            *["paused", "recording"] * (REQUESTS // 2),
            "finished",
        ]
    ended = [rest.ask("calling.end", call_id) for call_id in calls * 4]
    assert {(each.status, *each.error) for each in ended} == {
        (422, "cannot_update_completed", None)
    }
