"""An adapter that is told to stop, or dies, while it has calls."""

from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record, sleep
from worlds.waiting import eventually, remain
from worlds.world import World, documents_by_number, http_get


def start_adapter(world: World, **settings: object) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver), **settings})


def test_a_running_call_is_brought_to_its_end(world: World) -> None:
    adapter = start_adapter(world)
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), sleep(2)], says=tone(440), adapter=adapter)
    inbox.wait_for("recording")
    adapter.terminate()
    eventually(lambda: http_get(f"{adapter.url}/ready").status == 503, what="no readiness")
    phone.wait_ended()
    finished = inbox.wait_for("finished")
    world.assert_lasts(finished["duration"], 2)
    assert adapter.wait() == 0


def test_told_twice_it_waits_for_no_call(world: World) -> None:
    adapter = start_adapter(world, deadlines={"drain": 60})
    report = world.report()
    phone = world.call([report.step(), STAY], adapter=adapter)
    report.wait()
    adapter.terminate()
    eventually(lambda: http_get(f"{adapter.url}/ready").status == 503, what="no readiness")
    remain(lambda: adapter.running, during=0.5, what="the adapter")
    adapter.terminate()
    assert adapter.wait(within=10) == 0
    assert not phone.ended, "the switch keeps the call for the next adapter"


def test_callbacks_that_are_due_go_out_before_the_end(world: World) -> None:
    adapter = start_adapter(world)
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), sleep(30)], adapter=adapter)
    inbox.wait_for("recording")
    phone.hang_up()
    adapter.terminate()
    assert adapter.wait() == 0
    assert inbox.states() == ["recording", "finished"]


def test_callbacks_that_could_not_be_delivered_go_out_after_the_start(world: World) -> None:
    adapter = start_adapter(world)
    receiver = world.new_receiver()
    inbox = receiver.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.3)], adapter=adapter)
    adapter.stop()
    receiver.start()
    adapter.start()
    eventually(lambda: inbox.states() == ["recording", "finished"])


def test_an_idle_adapter_ends_at_once(world: World) -> None:
    adapter = start_adapter(world)
    adapter.terminate()
    assert adapter.wait(within=4) == 0


def test_a_call_that_finds_no_adapter_waits_for_the_next(world: World) -> None:
    adapter = start_adapter(world)
    adapter.stop()
    report = world.report()
    phone = world.call([report.step()], adapter=adapter)
    adapter.start()
    report.wait()
    phone.wait_ended()
