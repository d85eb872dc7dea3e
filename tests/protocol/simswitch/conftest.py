"""A simulated switch and the adapter's end of its sockets, in one process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sim_peer import FakeAdapter, Peer, Place

from adapter.simswitch import Action, Caller, CallPlan, Extension, SimSwitch, SwitchSettings


@pytest.fixture
def adapter() -> Iterator[FakeAdapter]:
    made = FakeAdapter()
    yield made
    made.close()


@pytest.fixture
def switches() -> Iterator[Callable[..., SimSwitch]]:
    """Makes switches with a dialplan of the given actions; they are stopped at the end."""
    made: list[SimSwitch] = []

    def make(*actions: str, **changes: Any) -> SimSwitch:
        items = [Action(*action.split(" ", 1)) for action in actions]
        settings = SwitchSettings(dialplan=(Extension(".*", tuple(items)),))
        made.append(SimSwitch(settings, **changes).start())
        return made[-1]

    yield make
    for switch in made:
        switch.stop()


@pytest.fixture
def place(adapter: FakeAdapter, switches: Callable[..., SimSwitch]) -> Place:
    """Places a call to the adapter: its connection after `connect`, and its caller."""
    made: dict[str, SimSwitch] = {}

    def call(plan: dict[str, Any] | None = None, **changes: Any) -> tuple[Peer, Caller]:
        if not made:
            socket = f"socket {adapter.target}/sales async full"
            made["switch"] = switches("set socket_resume=true", socket, "sleep 20", **changes)
        caller = made["switch"].call(CallPlan.from_data(plan or {}))
        peer = adapter.accept()
        peer.connect()
        return peer, caller

    return call


@pytest.fixture
def answered(place: Place) -> Place:
    """The same with the call answered, lingering, and every event of it asked for."""

    def call(plan: dict[str, Any] | None = None, **changes: Any) -> tuple[Peer, Caller]:
        peer, caller = place(plan, **changes)
        assert peer.command("linger 1") == "+OK will linger 1 seconds"
        assert peer.command("myevents") == "+OK Events Enabled"
        wanted = "RECORD_START RECORD_STOP PLAYBACK_START PLAYBACK_STOP"
        assert peer.command(f"event plain {wanted}") == "+OK event listener enabled plain"
        peer.execute("answer", uuid="answer")
        peer.completed("answer")
        return peer, caller

    return call
