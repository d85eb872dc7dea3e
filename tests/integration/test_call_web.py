"""The adapter's web side, while calls run: downloads, health, metrics."""

from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record, sleep
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

SECRET = "a-secret-of-the-integration-tests"


def test_a_recording_is_downloaded_only_when_it_is_complete(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.call([*SETTLED, record(inbox), report.step(), STAY], says=tone(440))
    url = report.wait()["record_call_url"]
    inbox.wait_for("recording")
    running = http_get(url)
    assert running.status == 409
    assert b"recording" in running.body
    phone.hang_up()
    finished = inbox.wait_for("finished")
    assert finished["url"] == url
    world.listen_to(finished)


def test_parts_of_a_recording_can_be_asked_for(world: World) -> None:
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.4)], says=tone(440))
    url = inbox.wait_for("finished")["url"]
    whole = http_get(url)
    assert whole.headers["Content-Type"] == "audio/wav"
    assert whole.headers["Content-Length"] == str(len(whole.body))
    assert whole.headers["ETag"]
    part = http_get(url, Range="bytes=44-143")
    assert part.status == 206
    assert part.body == whole.body[44:144]
    assert part.headers["Content-Range"] == f"bytes 44-143/{len(whole.body)}"
    last = http_get(url, Range="bytes=-100")
    assert last.body == whole.body[-100:]
    assert http_get(url, Range=f"bytes={len(whole.body)}-").status == 416
    head = http_get(url, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.body))
    assert http_get(url, If_None_Match=whole.headers["ETag"]).status == 304


def test_an_unknown_recording_is_not_found(world: World) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    for name in (unknown, "..%2f..%2fetc%2fpasswd", "x" * 300):
        reply = http_get(f"{world.adapter.url}/api/v1/recordings/{name}/download")
        assert reply.status == 404


def test_a_signed_link_opens_its_recording_alone(world: World) -> None:
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "link_secret": SECRET}
    )
    first, second = world.inbox(), world.inbox()
    world.run([*SETTLED, record(first), record(second), sleep(0.3)], adapter=adapter)
    url, other = (inbox.wait_for("finished")["url"] for inbox in (first, second))
    assert "sig=" in url
    assert http_get(url).status == 200
    plain, _, signature = url.partition("?sig=")
    tampered = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    assert http_get(plain).status == 403
    assert http_get(f"{plain}?sig={tampered}").status == 403
    assert http_get(f"{plain}?sig=").status == 403
    assert http_get(f"{other.partition('?')[0]}?sig={signature}").status == 403


def test_an_old_signed_link_is_closed(world: World) -> None:
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "link_secret": SECRET,
            "link_expires": 0.6,
            "callbacks": {"first_retry": 0.1, "give_up": 0.5},
        }
    )
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.2)], adapter=adapter)
    url = inbox.wait_for("finished")["url"]
    eventually(lambda: http_get(url).status == 403, what="the link's end")


def test_health_readiness_and_metrics_are_told(world: World) -> None:
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY])
    inbox.wait_for("recording")
    base = world.adapter.url
    assert http_get(f"{base}/health").status == 200
    assert http_get(f"{base}/ready").status == 200
    metrics = http_get(f"{base}/metrics")
    assert metrics.status == 200
    text = metrics.body.decode()
    active = [line for line in text.splitlines() if line.startswith("swml_calls_active")]
    assert active, text[:2000]
    assert float(active[0].split()[-1]) == 1
    phone.hang_up()
    inbox.wait_for("finished")
