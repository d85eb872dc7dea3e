"""transcribe: the words of the whole call, once it is over; user_event on a real dialogue."""

from worlds.sounds import silence, speech
from worlds.steps import SETTLED, STAY, play
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

RECOGNISER = {"recogniser": {"engine": "worlds.recogniser:by_length"}}


def test_a_call_is_written_down(world: World) -> None:
    """Until it is told to stop, and anew until the call ends; two at once there are not."""
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver), **RECOGNISER})
    inbox, report = world.inbox(), world.report()
    phone = world.call(
        [
            *SETTLED,
            {"transcribe": {"status_url": inbox.url}},
            report.step("first"),
            {"transcribe": {"status_url": inbox.url}},
            report.step("second"),
            play("silence:2"),
            "transcribe_stop",
            report.step("stopped"),
            {"user_event": {"event": {"a": "b c"}}},
            {"transcribe": {"status_url": inbox.url}},
            report.step("third"),
            STAY,
        ],
        says=[silence(0.8), speech(1), silence()],
        adapter=adapter,
    )
    assert report.wait("first")["transcribe_result"] == "success"
    assert report.wait("second")["transcribe_result"] == "failed"
    assert report.wait("stopped")["transcribe_stop_result"] == "success"
    assert "user_event" not in report.wait("third").get("script_error", "")
    (event,) = eventually(lambda: inbox.events)
    assert event["event_type"] == "calling.transcript.completed"
    assert "event_channel" not in event
    assert event["params"]["text"] == "1 words"
    assert event["params"]["id"] == report.wait("first")["transcribe_control_id"]
    phone.hang_up()
    eventually(lambda: len(inbox.events) == 2)
    eventually(lambda: not list((adapter.recordings / "sounds").glob("heard-*")))
