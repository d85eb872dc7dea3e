"""The adapter dies while a call is connected: the parties talk on, and what came of it is known."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from worlds.sounds import tone
from worlds.steps import SETTLED, record, sleep, stop
from worlds.waiting import eventually, remain
from worlds.world import World, documents_by_number


def test_a_bridge_outlives_the_adapter(world: World) -> None:
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    inbox, told, report = world.inbox(), world.inbox(), world.report()
    bob = world.somebody(says=tone(500))
    phone = world.call(
        [
            *SETTLED,
            record(inbox, "all", stereo=True),
            {
                "connect": {
                    "to": bob.uri,
                    "status_url": told.url,
                    "result": {"case": {"connected": [report.step("talked")]}},
                }
            },
            sleep(0.3),
            stop("all"),
            report.step("after"),
        ],
        says=tone(700),
        adapter=adapter,
    )
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.5)
    adapter.kill()
    before = phone.hear().seconds_of(500)
    phone.wait_heard(500, seconds=before + 0.8)
    adapter.start()
    remain(lambda: not phone.ended and not answered.ended, during=0.5, what="the bridge")
    answered.hang_up()
    assert report.wait("talked", within=15)["connect_result"] == "connected"
    report.wait("after", within=15)
    phone.wait_ended()
    assert len(bob.calls()) == 1, "nobody is called twice"
    eventually(
        lambda: (
            [event["params"]["connect_state"] for event in told.events]
            == ["connecting", "connected", "disconnected"]
        )
    )
    audio = world.listen_to(inbox.wait_ended("all"))
    assert audio.seconds_of(700, channel=0) > audio.seconds - 0.4
    assert audio.seconds_of(500, channel=1) > 1.2


def test_who_takes_a_call_and_lets_it_go_at_once_does_not_keep_it(world: World) -> None:
    """An adapter that is just killed, or has too many calls: its connections end unheard."""
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    report = world.report()
    bob = world.somebody(says=tone(500))
    phone = world.call([*SETTLED, {"connect": {"to": bob.uri}}, report.step()], adapter=adapter)
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.3)
    adapter.kill()
    with refusing(adapter.port) as turned_away:
        answered.hang_up()
        eventually(lambda: turned_away, what="the call's first offer")
    adapter.start()
    assert report.wait(within=15)["connect_result"] == "connected"
    assert len(bob.calls()) == 1, "nobody is called twice"


@contextmanager
def refusing(port: int) -> Iterator[list[object]]:
    """Take each connection to a port and close it; whose they were."""
    turned_away: list[object] = []

    class TurnAway(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            turned_away.append(self.client_address)

    class Server(socketserver.TCPServer):
        allow_reuse_address = True

    with Server(("127.0.0.1", port), TurnAway) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield turned_away
        finally:
            server.shutdown()
            thread.join()


def test_ringing_goes_on_without_the_adapter(world: World) -> None:
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    report = world.report()
    bob = world.somebody(says=tone(500), rings=2)
    phone = world.call([*SETTLED, {"connect": {"to": bob.uri}}, report.step()], adapter=adapter)
    ringing = bob.wait_call()
    adapter.kill()
    phone.wait_heard(500, seconds=0.3)
    adapter.start()
    ringing.hang_up()
    assert report.wait(within=15)["connect_result"] == "connected"
    assert len(bob.calls()) == 1, "nobody is called twice"
