"""GET and HEAD /api/v1/recordings/<id>/download.

Order of the answers: a bad signature is 403 before anything is said about the recording; then 404
for an unknown one, 410 for a deleted one, 403 for an expired link, 409 while it runs, and at last
the file, whole or in part.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import falcon
import structlog

from adapter.web.files import FileChunks, Offload, OpenFile, directly, open_below
from adapter.web.ranges import (
    ByteRange,
    RangeNotSatisfiable,
    is_unchanged,
    parse_range,
    range_applies,
)

RUNNING = frozenset({"starting", "recording", "paused", "stopping"})
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "pdf": "application/pdf",
    "tiff": "image/tiff",
}
RETRY_AFTER = 2  # seconds; a recording that is being closed is there by then

log = structlog.get_logger()


class RecordingRow(Protocol):
    """What a download needs of a stored recording."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def format(self) -> str: ...
    @property
    def ended_at(self) -> float | None: ...
    @property
    def deleted_at(self) -> float | None: ...


class RecordingStore(Protocol):
    """Where recordings are looked up."""

    def recording(self, recording_id: str, /) -> RecordingRow | None: ...


@dataclass(frozen=True, slots=True)
class Links:
    """Who may download: `verify(recording_id, signature, secret)` judges the signature."""

    verify: Callable[[str, str, str], bool]
    secret: str
    expires: float  # seconds after the recording's end


class Download:
    """The resource of one recording's file; `links` is None when every URL is open."""

    def __init__(
        self,
        folder: Path,
        store: RecordingStore,
        links: Links | None,
        *,
        offload: Offload = directly,
    ) -> None:
        self._folder = folder
        self._store = store
        self._links = links
        self._offload = offload

    def on_get(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        recording_id: str,
        *,
        trusted: bool = False,
    ) -> None:
        """Send the file; who is `trusted` needs no link that is signed and still works."""
        file, part = self._answer(req, resp, recording_id, trusted)
        if resp.status == falcon.HTTP_304:  # falcon drops the body without closing it
            file.close()
            return
        resp.stream = FileChunks(file, part.start, part.stop, self._offload)

    def on_head(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        recording_id: str,
        *,
        trusted: bool = False,
    ) -> None:
        file, _ = self._answer(req, resp, recording_id, trusted)
        file.close()

    def _answer(
        self, req: falcon.Request, resp: falcon.Response, recording_id: str, trusted: bool
    ) -> tuple[OpenFile, ByteRange]:
        """Everything but the body; the caller owns the file."""
        if not trusted:
            self._check_signature(req, recording_id)
        recording = self._store.recording(recording_id)
        if recording is None:
            raise falcon.HTTPNotFound(description="There is no recording with this id.")
        self._check_available(recording, trusted)
        file = self._open(recording)
        try:
            _describe(resp, file)
            return file, _choose(req, resp, recording, file)
        except BaseException:
            file.close()
            raise

    def _check_signature(self, req: falcon.Request, recording_id: str) -> None:
        links = self._links
        if links is None:
            return
        signature = req.get_param("sig", default="")
        if not links.verify(recording_id, signature, links.secret):
            raise falcon.HTTPForbidden(
                description="The signature of this link is missing or wrong: use the URL unchanged."
            )

    def _check_available(self, recording: RecordingRow, trusted: bool) -> None:
        if recording.deleted_at is not None:
            raise falcon.HTTPGone(description="The recording has been deleted.")
        if not trusted and self._is_expired(recording):
            raise falcon.HTTPForbidden(
                description="The link has expired: its time is the setting link_expires."
            )
        if recording.state in RUNNING:
            raise StillRunning(recording.state)

    def _is_expired(self, recording: RecordingRow) -> bool:
        links, ended = self._links, recording.ended_at
        return links is not None and ended is not None and time.time() > ended + links.expires

    def _open(self, recording: RecordingRow) -> OpenFile:
        try:
            return self._offload(open_below, self._folder, recording.path or "")
        except FileNotFoundError:
            log.warning("recording has no file", recording_id=recording.id, state=recording.state)
            raise falcon.HTTPNotFound(
                description=f"The recording has no file; its state is {recording.state}."
            ) from None


class StillRunning(falcon.HTTPConflict):
    """409 with the recording's state: there will be a file later."""

    def __init__(self, state: str) -> None:
        super().__init__(
            description="The recording is not finished; ask again later.",
            headers={"Retry-After": str(RETRY_AFTER)},
        )
        self.state = state


def _describe(resp: falcon.Response, file: OpenFile) -> None:
    """What holds for the file whichever part of it is sent."""
    resp.set_header("Accept-Ranges", "bytes")
    resp.set_header("Last-Modified", file.last_modified)
    resp.set_header("Cache-Control", "private, no-cache")
    resp.etag = file.etag


def _choose(
    req: falcon.Request, resp: falcon.Response, recording: RecordingRow, file: OpenFile
) -> ByteRange:
    """Set status, type and length; the part to send (empty when the client has it already)."""
    if is_unchanged(req.get_header("If-None-Match"), file.etag):
        resp.status = falcon.HTTP_304
        return ByteRange(0, 0)
    part = _requested(req, file)
    if part is not None:
        resp.status = falcon.HTTP_206
        resp.set_header("Content-Range", part.content_range(file.size))
    chosen = part or ByteRange(0, file.size)
    resp.content_length = chosen.length
    resp.content_type = MEDIA_TYPES.get(recording.format, "application/octet-stream")
    resp.set_header("X-Content-Type-Options", "nosniff")
    resp.set_header("Content-Disposition", f'inline; filename="{recording.id}.{recording.format}"')
    return chosen


def _requested(req: falcon.Request, file: OpenFile) -> ByteRange | None:
    if req.method != "GET":  # RFC 9110 defines ranges for GET only
        return None
    if not range_applies(req.get_header("If-Range"), file.etag, file.modified):
        return None
    try:
        return parse_range(req.get_header("Range"), file.size)
    except RangeNotSatisfiable:
        raise falcon.HTTPRangeNotSatisfiable(file.size) from None
