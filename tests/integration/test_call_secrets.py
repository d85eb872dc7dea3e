"""Secrets of settings and documents stand in no log, metric or trace, whatever happens."""

import secrets
from typing import Any

from worlds.adapter_process import AdapterProcess
from worlds.receiver import Answer
from worlds.rest import Rest
from worlds.steps import SETTLED, STAY, play, record, sleep
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import PROJECT, SPACE, World, documents_by_number, http_get

LOGS = "/api/voice/logs"


def with_credentials(url: str, password: str) -> str:
    return url.replace("http://", f"http://user:{password}@")


def test_no_secret_is_told(world: World) -> None:
    """Debug level, failures of all kinds, and a death in the middle."""
    names = ("token", "signing", "link", "sms", "swml", "status", "sound", "header", "query")
    secret = {name: f"secret-{name}-{secrets.token_hex(12)}" for name in names}
    node = world.switch.sockets[OTHER].node
    adapter = world.start_adapter(
        {
            "swml": with_credentials(documents_by_number(world.receiver), secret["swml"]),
            "projects": [
                {
                    "id": PROJECT,
                    "space_id": SPACE,
                    "token": secret["token"],
                    "signing_key": secret["signing"],
                }
            ],
            "link_secret": secret["link"],
            "sms": {"url": world.receiver.url + "/sms", "token": secret["sms"]},
            "nodes": [node],
        }
    )
    call_id = run(world, adapter, secret)
    rest = Rest(adapter.url, token=secret["token"])
    assert rest.ask("calling.end", "nobody").status == 404
    told = {
        "log": adapter.log(),
        "metrics": http_get(f"{adapter.url}/metrics").body.decode(),
        "call log": str(rest.get(f"{LOGS}/{call_id}/events")) + str(rest.get(LOGS)),
    }
    assert call_id in told["log"]
    assert "call.resumed" in told["call log"]
    for place, text in told.items():
        for name, value in (secret | {"node": node["password"]}).items():
            assert value not in text, f"{name} stands in the {place}"


def run(world: World, adapter: AdapterProcess, secret: dict[str, str]) -> str:
    """A call in which much goes wrong; its id."""
    inbox, report = world.inbox(), world.report()
    inbox.answer_once_each(Answer(500), Answer(503))
    url = with_credentials(inbox.url, secret["status"])
    nowhere = (
        f"{with_credentials('http://127.0.0.1:1/x.wav', secret['sound'])}?token={secret['query']}"
    )
    ask: dict[str, Any] = {
        "method": "POST",
        "headers": {"Authorization": f"Bearer {secret['header']}"},
        "body": {"password": secret["header"]},
    }
    phone = world.call(
        [
            *SETTLED,
            {"record_call": {"control_id": "r", "status_url": url}},
            play(nowhere),
            {"request": {"url": world.receiver.url + "/asked", **ask}},
            {"request": {"url": nowhere, **ask}},
            {"send_sms": {"to_number": "+1", "from_number": "+2", "body": "hello"}},
            {"execute": {"dest": nowhere}},
            report.step("before"),
            sleep(1),
            record(inbox, "second"),
            report.step("after"),
            STAY,
        ],
        adapter=adapter,
    )
    report.wait("before", within=20)
    adapter.kill()
    adapter.start()
    report.wait("after", within=20)
    phone.hang_up()
    inbox.wait_ended("second", within=15)
    eventually(lambda: inbox.states("r") == ["recording", "finished"])
    return str(inbox.events[0]["params"]["call_id"])
