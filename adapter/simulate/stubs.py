"""Answers for a simulated call, written down beforehand.

A file of stubs is a list; the first that fits a request answers it:

    - url: https://example.com/customers/*      # `*` stands for anything
      method: GET                               # any, if not given
      status: 200
      headers: {Content-Type: application/json}
      body: {name: Ann}                         # text as it is, all else as JSON
    - {url: https://example.com/ivr.yaml, file: ivr.yaml}         # beside the file of stubs
    - {url: https://example.com/hello.mp3, sound: 2.5}            # seconds of silence
    - {url: https://example.com/down, error: connection refused}

With stubs there is no network: what none of them fits, fails. User and password in an address do
not count.
"""

from __future__ import annotations

import io
import json
import re
import wave
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

SOUND_RATE = 8000


class StubsError(Exception):
    """The file of stubs cannot be used; the message says where and why."""


class Stub(BaseModel):
    """One answer, and what it answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="of the requests it answers; `*` stands for anything")
    method: str | None = Field(None, description="of the requests it answers; any if not given")
    status: int = Field(200, ge=100, le=599, description="HTTP status")
    headers: dict[str, str] = Field(default_factory=dict, description="headers of the answer")
    body: Any = Field(None, description="text, or a value that is sent as JSON")
    file: Path | None = Field(None, description="a file with the body")
    sound: float | None = Field(None, ge=0, le=3600, description="seconds of a silent WAV")
    error: str | None = Field(None, description="no answer: the connection fails, saying this")

    def fits(self, method: str, url: str) -> bool:
        """Whether it answers such a request."""
        pattern = ".*".join(map(re.escape, self.url.split("*")))
        asked = self.method is None or self.method.upper() == method.upper()
        return asked and re.fullmatch(pattern, url, re.DOTALL) is not None

    def content(self) -> tuple[bytes, str | None]:
        """The body, and what it is where that is known."""
        if self.sound is not None:
            return _silence(self.sound), "audio/wav"
        if self.file is not None:
            return self.file.read_bytes(), None
        if self.body is None or isinstance(self.body, str):
            return (self.body or "").encode(), None
        return json.dumps(self.body).encode(), "application/json"


def load_stubs(file: Path) -> list[Stub]:
    """The stubs of a file; raises StubsError."""
    try:
        stubs = _STUBS.validate_python(yaml.safe_load(file.read_text("utf-8")) or [])
    except OSError as error:
        raise StubsError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StubsError(f"{file}: {error}") from None
    except ValidationError as error:
        raise StubsError("\n".join(f"{file}: {fault}" for fault in _faults(error))) from None
    found = [_beside(file, stub) for stub in stubs]
    for stub in found:
        if stub.file is not None and not stub.file.is_file():
            raise StubsError(f"{file}: {stub.url}: there is no file {stub.file}")
    return found


_STUBS = TypeAdapter(list[Stub])


def _beside(file: Path, stub: Stub) -> Stub:
    return stub.model_copy(update={"file": file.parent / stub.file}) if stub.file else stub


def _faults(error: ValidationError) -> list[str]:
    return [
        f"stub {'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()
    ]


def _silence(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(bytes(2 * int(seconds * SOUND_RATE)))
    return buffer.getvalue()
