"""Steps of documents, as the tests write them most."""

from typing import Any

from worlds.receiver import Inbox

Step = Any

SETTLED: list[Step] = [{"answer": {}}, {"sleep": 300}]
"""Answered, and a phone's first packets have come: what is recorded from here on has no gap."""


def record(inbox: Inbox | None = None, control_id: str | None = None, **parameters: Any) -> Step:
    """`record_call` that tells `inbox`."""
    given = {"control_id": control_id, "status_url": inbox and inbox.url, **parameters}
    return {"record_call": {name: value for name, value in given.items() if value is not None}}


def stop(control_id: str) -> Step:
    return {"stop_record_call": {"control_id": control_id}}


def play(*urls: str, **parameters: Any) -> Step:
    return {"play": {"urls": list(urls), **parameters}}


def sleep(seconds: float) -> Step:
    return {"sleep": round(seconds * 1000)}


STAY: Step = sleep(30)
"""The call goes on until somebody hangs up."""
