"""The steps that are no media: sleep, set, unset, hangup, answer."""

import time

import pytest
from worlds.receiver import Answer
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record, sleep
from worlds.waiting import eventually
from worlds.world import DOCUMENTS, World, document


def test_sleep_lets_so_many_milliseconds_pass(world: World) -> None:
    report = world.report()
    world.run([{"answer": {}}, report.step("before"), {"sleep": 700}, report.step("after")])
    slept = report.wait_hit("after").at - report.wait_hit("before").at
    world.assert_lasts(slept, 0.7)


def test_a_sleep_ends_with_the_call(world: World) -> None:
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), {"sleep": -1}])
    inbox.wait_for("recording")
    phone.hang_up()
    inbox.wait_for("finished")


def test_variables_are_set_used_and_removed(world: World) -> None:
    report = world.report()
    sound = world.sound(tone(700, seconds=0.4))
    phone = world.run(
        [
            {"set": {"who": "Ann", "greeting": "hello ${who}", "sound": sound, "gone": "soon"}},
            {"unset": "gone"},
            {"set": {"number": "${call.call_id}"}},
            *SETTLED,
            play("${sound}"),
            report.step(),
        ]
    )
    told = report.wait()
    assert told["greeting"] == "hello Ann"
    assert "gone" not in told
    assert told["number"] == report.wait_hit().json["call"]["call_id"]
    assert phone.hear().seconds_of(700) > 0.25


@pytest.mark.parametrize(
    ("reason", "status"), [("busy", 486), ("decline", 603), ("hangup", 480), (None, 480)]
)
def test_the_reason_decides_what_an_unanswered_caller_is_told(
    world: World, reason: str | None, status: int
) -> None:
    phone = world.run([{"hangup": {"reason": reason} if reason else {}}])
    assert phone.sip_status == status


def test_also_after_somebody_else_refused(world: World) -> None:
    refuses = world.somebody(status=404)
    missed = {"connect": {"to": refuses.uri, "answer_on_bridge": True}}
    phone = world.run([missed, {"hangup": {"reason": "busy"}}])
    assert phone.sip_status == 486


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("busy", "USER_BUSY"), ("decline", "CALL_REJECTED"), ("hangup", "NORMAL_CLEARING")],
)
def test_the_reason_is_the_cause_of_an_answered_calls_end(
    world: World, reason: str, cause: str
) -> None:
    phone = world.run([*SETTLED, {"answer": {"codecs": "G722"}}, {"hangup": reason}])
    assert phone.answered
    assert world.switch.wait_ending(phone.number)["Hangup-Cause"] == cause


def test_no_step_runs_after_a_hangup(world: World) -> None:
    report = world.report()
    world.run([{"answer": {}}, report.step("before"), "hangup", report.step("after")])
    report.wait("before")
    assert not report.hits("after")


def test_no_step_runs_after_the_callers_hangup(world: World) -> None:
    report = world.report()
    phone = world.call([{"answer": {}}, report.step("before"), sleep(20), report.step("after")])
    report.wait("before")
    phone.hang_up()
    world.switch.wait_ending(phone.number)
    assert not report.hits("after")


def test_a_caller_who_gives_up_while_the_document_is_fetched(world: World) -> None:
    report = world.report()
    number = world.new_number()
    body = document([report.step()]).encode()
    world.receiver.respond(f"{DOCUMENTS}/{number}", lambda _: Answer(200, body, delay=1))
    phone = world.call(to=number)
    world.wait_fetch(number)
    phone.hang_up()
    phone.wait_ended()
    assert world.switch.wait_ending(number)["Hangup-Cause"] == "ORIGINATOR_CANCEL"
    assert not report.hits()


def test_a_hangup_while_a_sound_is_fetched_holds_nothing_up(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    url = world.receiver.respond(f"/slow/{world.new_number()}", lambda _: Answer(delay=6))
    phone = world.call([*SETTLED, record(inbox), report.step(), play(url), report.step("after")])
    report.wait()
    eventually(lambda: world.receiver.hits_of(url.removeprefix(world.receiver.url)))
    phone.hang_up()
    inbox.wait_for("finished", within=3)
    assert not report.hits("after")


def test_a_call_is_not_longer_than_its_answer_allows(world: World) -> None:
    phone = world.call([{"answer": {"max_duration": 1}}, STAY])
    phone.wait_answered()
    began = time.monotonic()
    phone.wait_ended()
    assert time.monotonic() - began < 2.5
    assert world.switch.wait_ending(phone.number)["Hangup-Cause"] == "ALLOTTED_TIMEOUT"


def test_sections_and_conditions_lead_through_a_call(world: World) -> None:
    report = world.report()
    steps = [
        {"set": {"digit": "2"}},
        {
            "switch": {
                "variable": "digit",
                "case": {"1": [{"set": {"case": "one"}}], "2": [{"set": {"case": "two"}}]},
            }
        },
        {"execute": {"dest": "other", "params": {"word": "given"}}},
        {"cond": [{"when": "vars.case == 'two'", "then": [{"set": {"cond": "true"}}]}]},
        report.step(),
    ]
    body = document(steps, other=[{"set": {"section": "${params.word}"}}, {"return": "back"}])
    world.run(body)
    told = report.wait()
    assert (told["case"], told["section"], told["cond"]) == ("two", "given", "true")
    assert told["return_value"] == "back"


def test_calls_do_not_disturb_one_another(world: World) -> None:
    inboxes = [world.inbox() for _ in range(4)]
    phones = [
        world.call([*SETTLED, record(inbox, "same"), sleep(0.8)], says=tone(500 + 300 * index))
        for index, inbox in enumerate(inboxes)
    ]
    for index, (phone, inbox) in enumerate(zip(phones, inboxes, strict=True)):
        phone.wait_ended()
        recording = world.listen_to(inbox.wait_for("finished"))
        assert recording.seconds_of(500 + 300 * index) > recording.seconds - 0.15
        assert inbox.states() == ["recording", "finished"]
