"""SignalWire's own validators accept what we sign: callbacks and requests for documents."""

import pytest
from bench import Node
from signalwire.core.security.webhook_validator import (
    validate_webhook_signature,
    validate_webhook_signature_sha256,
)
from worlds.receiver import Hit
from worlds.steps import SETTLED, record, sleep
from worlds.world import SIGNING_KEY, World


def header(hit: Hit, name: str) -> str:
    return {key.lower(): value for key, value in hit.headers.items()}[name.lower()]


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_signatures_are_accepted(world: World, node: Node) -> None:
    inbox = world.inbox()
    phone = world.run([*SETTLED, record(inbox), sleep(0.2)])
    inbox.wait_for("finished")
    signed = [*inbox.hits, world.wait_fetch(phone.number)]
    assert len(signed) == 3
    requests = []
    for hit in signed:
        url, body = world.receiver.url + hit.path, hit.body.decode()
        sha1 = header(hit, "X-SignalWire-Signature")
        assert validate_webhook_signature(SIGNING_KEY, sha1, url, body)
        assert not validate_webhook_signature(SIGNING_KEY, sha1, url, body + " ")
        sha256 = header(hit, "X-SignalWire-Sha256-Signature")
        assert validate_webhook_signature_sha256(SIGNING_KEY, sha256, url, body)
        requests += [{"header": sha1, "url": url, "body": b} for b in (body, body + " ")]
    answers = node.run("validate.js", key=SIGNING_KEY, requests=requests)
    assert answers == [True, False] * 3
