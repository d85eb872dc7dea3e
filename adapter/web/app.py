"""The WSGI application: routes, errors as JSON, a request id on every answer.

It knows the store and the settings and nothing of the server it runs in; others may add routes to
what `create_app` returns.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import falcon
import structlog
from falcon.media import JSONHandler
from msgspec import json as fast_json
from prometheus_client import REGISTRY, CollectorRegistry

from adapter import metrics
from adapter.config import Settings
from adapter.store.errors import StoreError
from adapter.web.downloads import RETRY_AFTER, Download, Links, RecordingStore, StillRunning
from adapter.web.errors import ApiError, BodyTooLarge, BrokenBody
from adapter.web.files import Offload, directly

DOWNLOAD = "/api/v1/recordings/{recording_id}/download"
REQUEST_ID_LENGTH = 128  # a longer one from a client is replaced

log = structlog.get_logger()


def create_app(
    settings: Settings,
    store: RecordingStore,
    *,
    verify: Callable[[str, str, str], bool],
    reasons: Callable[[], list[str]] = list,
    measure: Callable[[], None] = lambda: None,
    registry: CollectorRegistry = REGISTRY,
    offload: Offload = directly,
) -> falcon.App[Any, Any]:
    """The application.

    `verify(recording_id, signature, secret)` judges a link, `reasons()` says why the adapter should
    get no new calls (empty when it is ready), `measure()` sets what is only known when asked before
    metrics are read, `offload` runs what may wait for a disk.
    """
    app = falcon.App(middleware=[RequestId()])
    app.req_options.strip_url_path_trailing_slash = True
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = JSONHandler(dumps=_encoded)
    app.set_error_serializer(serialize)
    app.add_error_handler(TimeoutError, _slow_client)
    app.add_error_handler(BodyTooLarge, _large_body)
    app.add_error_handler(BrokenBody, _broken_body)
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(StoreError, _no_store)
    app.add_route(DOWNLOAD, download(settings, store, verify=verify, offload=offload))
    app.add_route("/health", Health())
    app.add_route("/ready", Ready(reasons))
    app.add_route("/metrics", Metrics(registry, measure))
    return app


def download(
    settings: Settings,
    store: RecordingStore,
    *,
    verify: Callable[[str, str, str], bool],
    offload: Offload = directly,
) -> Download:
    """The resource of recordings' files."""
    return Download(settings.recordings_dir, store, _links(settings, verify), offload=offload)


def _links(settings: Settings, verify: Callable[[str, str, str], bool]) -> Links | None:
    if settings.link_secret is None:
        return None
    return Links(verify, settings.link_secret.get_secret_value(), settings.link_expires)


class RequestId:
    """X-Request-Id: the client's own if it is short and plain, otherwise a new one."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = req.get_header("X-Request-Id") or ""
        usable = given.isascii() and given.isprintable() and 0 < len(given) <= REQUEST_ID_LENGTH
        req.context.request_id = given if usable else str(uuid.uuid4())
        resp.set_header("X-Request-Id", req.context.request_id)


class Health:
    """200 as long as the process answers at all."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"status": "ok"}


class Ready:
    """200 when new calls are welcome, otherwise 503 with the reasons."""

    def __init__(self, reasons: Callable[[], list[str]]) -> None:
        self._reasons = reasons

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        reasons = self._reasons()
        if reasons:
            resp.status = falcon.HTTP_503
        resp.media = {"status": "not ready" if reasons else "ready", "reasons": reasons}


class Metrics:
    """The numbers in Prometheus's text format."""

    def __init__(self, registry: CollectorRegistry, measure: Callable[[], None]) -> None:
        self._registry = registry
        self._measure = measure

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        self._measure()
        resp.content_type = metrics.CONTENT_TYPE
        resp.data = metrics.render(self._registry)


def _encoded(media: Any) -> bytes:
    """JSON; what a caller's name or number holds may be no UTF-8."""
    try:
        return fast_json.encode(media)
    except UnicodeEncodeError:
        return json.dumps(media).encode()


def serialize(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """Errors as `{"error": "Not Found", "message": "..."}`, whatever the client accepts."""
    resp.data = json.dumps(_body(error)).encode()
    resp.content_type = falcon.MEDIA_JSON


def _body(error: falcon.HTTPError) -> dict[str, Any]:
    if isinstance(error, ApiError):
        return error.body
    body: dict[str, Any] = {"error": falcon.code_to_http_status(error.status).partition(" ")[2]}
    if error.description:
        body["message"] = error.description
    if isinstance(error, StillRunning):
        body["state"] = error.state
    return body


def _slow_client(
    _req: falcon.Request, _resp: falcon.Response, _error: TimeoutError, _params: dict[str, Any]
) -> None:
    raise falcon.HTTPError(
        falcon.HTTP_408,
        description="The request's body took too long.",
        headers={"Connection": "close"},
    )


def _large_body(
    _req: falcon.Request, _resp: falcon.Response, _error: BodyTooLarge, _params: dict[str, Any]
) -> None:
    raise falcon.HTTPContentTooLarge(
        description="The request's body is too large.", headers={"Connection": "close"}
    )


def _broken_body(
    _req: falcon.Request, _resp: falcon.Response, error: BrokenBody, _params: dict[str, Any]
) -> None:
    log.info("web request refused", reason=str(error))
    raise falcon.HTTPError(
        falcon.HTTP_400,
        description="The request's body is broken off or wrongly framed.",
        headers={"Connection": "close"},
    )


def _no_store(
    req: falcon.Request, _resp: falcon.Response, error: StoreError, _params: dict[str, Any]
) -> None:
    log.error("web request failed", path=req.path, reason=str(error))
    raise falcon.HTTPServiceUnavailable(description="The store is broken.", retry_after=RETRY_AFTER)


def _unexpected(
    req: falcon.Request, _resp: falcon.Response, error: Exception, _params: dict[str, Any]
) -> None:
    request_id = req.context.get("request_id")
    log.error("web request failed", request_id=request_id, path=req.path, exc_info=error)
    raise falcon.HTTPInternalServerError(description="See the adapter's log for the request's id.")
