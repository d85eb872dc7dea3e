"""The REST APIs on a store of their own: two projects, calls that are commanded in name only."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from falcon import testing

from adapter.config import Settings
from adapter.store.rows import CallLog, Recording
from adapter.store.store import Store
from adapter.store.writes import PutCallLog, PutRecording

MINE, OTHER = "project-1", "project-2"
TOKENS = {MINE: "token-of-project-1", OTHER: "token-of-project-2"}
PUBLIC = "https://recordings.example.com"
AUDIO = bytes(range(256)) * 4


@dataclass
class FakeCommands:
    """Remembers what it was told; `fails` is raised instead, `effect` is done."""

    names = frozenset({"calling.end"})
    told: list[tuple] = field(default_factory=list)
    fails: Exception | None = None
    effect: object = None
    status: str = "answered"

    def run(self, project_id, call_id, name, params):
        self.told.append((project_id, call_id, name, params))
        if self.fails:
            raise self.fails
        if self.effect:
            self.effect(params)
        return {"id": call_id, "status": self.status}


@dataclass
class FakeDial:
    """Remembers what it was told; the call is in the store then."""

    store: Store
    told: list[tuple] = field(default_factory=list)
    fails: Exception | None = None

    def __call__(self, project, params, *, form=None):
        self.told.append((project.id, params, form))
        if self.fails:
            raise self.fails
        row = CallLog(
            id="dialled",
            project_id=project.id,
            node_id="fs1",
            kind="phone",
            direction="outbound",
            caller=params.get("from", ""),
            called=params.get("to", ""),
            state="created",
            created_at=1537916400.0,
        )
        self.store.commit(PutCallLog(row))
        return {"id": row.id}


@dataclass
class Api:
    client: testing.TestClient
    store: Store
    folder: Path
    commands: FakeCommands
    settings: Settings
    events: list
    dial: FakeDial

    def ask(self, method, path, *, project=MINE, token=None, **options):
        headers = dict(options.pop("headers", {}))
        if project is not None:
            given = f"{project}:{token or TOKENS[project]}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(given).decode()
        return self.client.simulate_request(method, path, headers=headers, **options)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, **options):
        return self.ask("POST", path, **options)

    def delete(self, path, **options):
        return self.ask("DELETE", path, **options)

    def post_form(self, path, fields, **options):
        form = "application/x-www-form-urlencoded"
        return self.post(path, body=urlencode(fields, doseq=True), content_type=form, **options)

    def record(self, recording_id="rec-1", **changes):
        """Put a recording, with its file if it has ended."""
        values = {
            "id": recording_id,
            "call_id": "call-1",
            "node_id": "fs1",
            "control_id": "c1",
            "project_id": MINE,
            "space_id": "space-1",
            "event_channel": "swml:1",
            "state": "finished",
            "path": f"{recording_id}.wav",
            "created_at": 1537916400.0,
            "started_at": 1537916400.5,
            "ended_at": 1537916405.0,
            "duration": 4.5,
            "size": len(AUDIO),
        }
        row = Recording(**(values | changes))
        if row.ended_at:
            (self.folder / row.path).write_bytes(AUDIO)
        self.store.commit(PutRecording(row))
        return row

    def call(self, call_id="call-1", **changes):
        values = {
            "id": call_id,
            "project_id": MINE,
            "node_id": "fs1",
            "kind": "phone",
            "direction": "inbound",
            "caller": "+15551230000",
            "called": "+15559870000",
            "state": "ended",
            "created_at": 1537916400.0,
            "answered_at": 1537916401.0,
            "ended_at": 1537916405.5,
            "cause": "NORMAL_CLEARING",
        }
        row = CallLog(**(values | changes))
        self.store.commit(PutCallLog(row))
        return row
