"""The network of a simulated call: answers from stubs, or the real one, in real time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from adapter.simulate.clock import Clock
from adapter.simulate.stubs import Stub
from adapter.simulate.trace import Kind, Trace

_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass
class Stubbed(BaseAdapter):
    """A `requests` transport that answers from stubs and reaches nothing."""

    stubs: Sequence[Stub]
    trace: Trace
    _builder: HTTPAdapter = field(default_factory=HTTPAdapter)

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        """The answer of the first stub that fits."""
        stub = next((stub for stub in self.stubs if stub.fits(*_asked(request))), None)
        if stub is None:
            raise self._failed(request, "no stub answers this request")
        if stub.error is not None:
            raise self._failed(request, stub.error)
        answer = self._answer(request, stub)
        _tell(self.trace, answer)
        return answer

    def _answer(self, request: requests.PreparedRequest, stub: Stub) -> requests.Response:
        body, kind = stub.content()
        headers = {"Content-Type": kind} if kind else {}
        raw = HTTPResponse(
            io.BytesIO(body),
            headers={**headers, **stub.headers, "Content-Length": str(len(body))},
            status=stub.status,
            preload_content=False,
        )
        return self._builder.build_response(request, raw)

    def _failed(self, request: requests.PreparedRequest, why: str) -> requests.ConnectionError:
        _tell_failure(self.trace, request, why)
        cause = ConnectionError()
        cause.strerror = why  # what the error messages of fetches look for
        error = requests.ConnectionError(f"{' '.join(_asked(request))}: {why}", request=request)
        error.__cause__ = cause
        return error

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Network(BaseAdapter):
    """A `requests` transport that does what another one does, in real time, and tells of it."""

    real: BaseAdapter
    clock: Clock
    trace: Trace

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        """The real answer; time is real until it is closed."""
        self.clock.hold()
        try:
            answer = self.real.send(request, **options)
        except BaseException as error:
            self.clock.release()
            _tell_failure(self.trace, request, str(error))
            raise
        _tell(self.trace, answer)
        _when_closed(answer, self.clock.release)
        if not options.get("stream"):
            _ = answer.content
            answer.close()
        return answer

    def close(self) -> None:
        """Closes what it stands for."""
        self.real.close()


def _when_closed(answer: requests.Response, then: Any) -> None:
    """Call `then` once, when the answer is closed."""
    close, pending = answer.close, [then]

    def closed() -> None:
        close()
        while pending:
            pending.pop()()

    answer.close = closed  # type: ignore[method-assign]


def _asked(request: requests.PreparedRequest) -> tuple[str, str]:
    """Method and address, without user and password."""
    return request.method or "", _CREDENTIALS.sub("", request.url or "")


def _tell(trace: Trace, answer: requests.Response) -> None:
    method, url = _asked(answer.request)
    status = answer.status_code
    trace.add(Kind.HTTP, "{method} {url} answered {status}", method=method, url=url, status=status)


def _tell_failure(trace: Trace, request: requests.PreparedRequest, why: str) -> None:
    method, url = _asked(request)
    trace.add(Kind.HTTP, "{method} {url} failed: {error}", method=method, url=url, error=why)
