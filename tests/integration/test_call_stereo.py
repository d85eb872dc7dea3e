"""record_call in stereo: the party left, what it hears right."""

from worlds.sounds import tone
from worlds.world import World


def test_left_is_what_the_party_says_and_right_what_it_hears(world: World) -> None:
    inbox = world.inbox()
    world.run(
        [
            {"record_call": {"stereo": True, "status_url": inbox.url}},
            {"play": world.sound(tone(1000, seconds=1.5))},
            "stop_record_call",
        ],
        says=tone(440),
    )
    finished = inbox.wait_for("finished")
    recording = world.listen_to(finished)
    assert recording.channels == 2
    assert abs(recording.seconds - 1.5) < 0.1
    assert recording.seconds_of(440, channel=0) > recording.seconds - 0.1
    assert recording.seconds_of(1000, channel=1) > 1.35
    assert recording.seconds_with(1000, channel=0) == 0
    assert recording.seconds_with(440, channel=1) == 0
