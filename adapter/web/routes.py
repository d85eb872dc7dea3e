"""Every path of the REST APIs and what serves it.

    /api/v1/recordings/{id}/download      the file behind every recording's URL     downloads
    /health, /ready, /metrics             for those who watch                       app
    /openapi.json, /api                   the APIs described, a page to try them    openapi

    /api/calling/calls                    commands to calls                         calling
    /api/relay/rest/recordings            recordings                                recordings
    /api/voice/logs                       the call log                              voice_logs

and below `/api/laml` as well as at the root, with and without `.json`:

    /2010-04-01/Accounts/{account}                                      the account        laml
      …/Recordings, …/Recordings/{sid}                                  laml_recordings
      …/Calls, …/Calls/{call}                                           laml_log
      …/Calls/{call}/Recordings, …/Calls/{call}/Recordings/{sid}        laml_calls
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import falcon

from adapter.store.store import Store
from adapter.web import (
    calling,
    laml,
    laml_calls,
    laml_log,
    laml_recordings,
    openapi,
    recordings,
    voice_logs,
)
from adapter.web.auth import Gate
from adapter.web.downloads import Download
from adapter.web.stored_recordings import StoredRecordings

Route = tuple[str, Any, str | None]
"""A path, its resource, and the suffix of the resource's responders."""


def add_api(
    app: falcon.App[Any, Any],
    *,
    gate: Gate,
    store: Store,
    stored: StoredRecordings,
    commands: calling.Commands,
    dial: laml_log.Dial,
    calls: calling.Calling,
    download: Download,
    public_url: str,
) -> None:
    """Have the application serve the APIs."""
    one_recording = recordings.OneRecording(gate, stored)
    one_log = voice_logs.OneVoiceLog(gate, store)
    routes: list[Route] = [
        (openapi.DESCRIPTION, openapi.Description(public_url, commands.names), None),
        (openapi.PAGE, openapi.Page(), None),
        (calling.CALLS, calls, None),
        (recordings.RECORDINGS, recordings.Recordings(gate, stored), None),
        (recordings.RECORDING, one_recording, None),
        (voice_logs.LOGS, voice_logs.VoiceLogs(gate, store), None),
        (voice_logs.LOG, one_log, None),
        (voice_logs.EVENTS, one_log, "events"),
        *_laml(gate, store, stored, commands, dial, download),
    ]
    for path, resource, suffix in routes:
        app.add_route(path, resource, suffix=suffix)


def _laml(
    gate: Gate,
    store: Store,
    stored: StoredRecordings,
    commands: calling.Commands,
    dial: laml_log.Dial,
    download: Download,
) -> Iterator[Route]:
    one = laml_recordings.LamlRecording(gate, stored, download)
    of_call = laml_calls.LamlCallRecordings(gate, stored, store, commands)
    table: list[tuple[str, Any]] = [
        (laml.ACCOUNT, laml.Account(gate)),
        (laml_recordings.RECORDINGS, laml_recordings.LamlRecordings(gate, stored)),
        (laml_recordings.RECORDINGS + laml.JSON, laml_recordings.LamlRecordings(gate, stored)),
        (laml_recordings.RECORDING, one),
        (laml_log.CALLS, laml_log.LamlCalls(gate, store, dial)),
        (laml_log.CALLS + laml.JSON, laml_log.LamlCalls(gate, store, dial)),
        (laml_log.CALL, laml_log.LamlCall(gate, store, commands)),
        (laml_calls.RECORDINGS, of_call),
        (laml_calls.RECORDINGS + laml.JSON, of_call),
        (laml_calls.RECORDING, laml_calls.LamlCallRecording(gate, stored, one, commands)),
    ]
    for prefix in laml.PREFIXES:
        for path, resource in table:
            yield prefix + path, resource, None
