"""The recordings of one call: started and stopped by path, and kept going while they run.

Source: switch_ivr_async.c (switch_ivr_record_session_event, switch_ivr_stop_record_session),
mod_commands.c (uuid_record). The pure part is `recorder`; here are files, events and time.
"""

import io
import os
import time
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import gevent
import structlog

from adapter.simswitch import recorder
from adapter.simswitch.audio import FRAME_MS, RATE
from adapter.simswitch.channel import Channel
from adapter.simswitch.disk import Disk
from adapter.simswitch.files import FORMATS, WavFile
from adapter.simswitch.recorder import RecordOptions
from adapter.simswitch.settings import Pace, SwitchSettings
from adapter.simswitch.strings import is_true

log = structlog.get_logger()

START_SECONDS = 0.011  # uuid_record waits this long for its writing thread
LIVE_STEP_SECONDS = 0.25  # how often a growing file is looked after


class Running(Protocol):
    """What a call keeps of a recording: a real one, or the stand-in of flat pace."""

    path: str
    masked: bool
    paused: bool
    overdue: bool
    variables: Mapping[str, str]
    cause: str | None
    size: int | None
    samples: int

    def begin(self, now: int) -> None: ...

    def advance(self, now: int) -> None: ...

    def close(self, *, call_gone: bool) -> None: ...

    @property
    def discarded(self) -> bool: ...


@dataclass(slots=True)
class FlatRecording:
    """A recording nobody listens to: its file is filled with a prepared content when it ends."""

    path: str
    variables: Mapping[str, str]
    content: bytes
    channels: int
    disk: Disk
    masked: bool = False
    paused: bool = False
    overdue: bool = False
    """Its limit came while it was paused: the switch looks at that when it goes on."""
    cause: str | None = None
    size: int | None = None
    samples: int = 0
    discarded: bool = False

    def begin(self, now: int) -> None:
        """Takes no time."""

    def advance(self, now: int) -> None:
        """Takes no time."""

    def open(self) -> None:
        """The file is there from the start, with nothing in it."""
        if self.content:
            os.close(self._open())

    def close(self, *, call_gone: bool) -> None:
        self.cause = "success-silence" if call_gone else "success-maxtime"
        self.samples = (len(self.content) - 44) // 2 // self.channels if self.content else 0
        self.size = len(self.content)
        if self.content:
            with os.fdopen(self._open(), "wb", buffering=0) as file:
                try:
                    self.disk.write(file, self.content)
                except OSError:
                    self.cause = "uri-failure"

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            return os.open(self.path, flags, 0o644)
        except FileNotFoundError:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, flags, 0o644)


class Recordings:
    """Every recording of a call that runs now, by its path.

    `spawn` starts a greenlet of the switch: a name, a function, its arguments.
    """

    def __init__(
        self,
        channel: Channel,
        settings: SwitchSettings,
        flat: "FlatContent",
        disk: Disk,
        spawn: Callable[..., gevent.Greenlet],
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._flat = flat
        self._disk = disk
        self._spawn = spawn
        self._running: dict[str, Running] = {}
        self._keepers: dict[str, list[gevent.Greenlet]] = {}

    def paths(self) -> list[str]:
        return list(self._running)

    def start(self, path: str, limit: int, variables: Mapping[str, str]) -> bool:
        """Starts a recording; False: the switch says it cannot, and nothing happened."""
        self._channel.pre_answer()
        path = path if path.startswith("/") or "://" in path else f"/tmp/{path}"  # noqa: S108
        if path in self._running:
            if is_true(self._lookup(variables)("RECORD_TOGGLE_ON_REPEAT")):
                return self.stop(path)
            return True
        made = self._make(path, variables)
        if made is None:
            self._channel.set("record_completion_cause", "uri-failure")
            return False
        self._running[path] = made
        if self._settings.pace is Pace.REAL:
            gevent.sleep(START_SECONDS)
            if self._running.get(path) is not made:
                return True  # the call ended meanwhile, and the recording with it
            made.begin(self._channel.media_frame)
            self._keep(made, limit)
        self._channel.fire("RECORD_START", recording_headers(made))
        return True

    def _make(self, path: str, variables: Mapping[str, str]) -> Running | None:
        format_ = FORMATS.get(path.rpartition(".")[2].lower())
        if format_ is None or format_.module not in self._settings.modules:
            return None
        options = RecordOptions.parse(self._lookup(variables))
        if self._settings.pace is Pace.FLAT:
            content = self._flat.content(options.channels)
            if self._disk.full:
                return None
            flat = FlatRecording(path, variables, content, options.channels, self._disk)
            flat.open()
            return flat
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            file = format_.make(Path(path), options.channels, self._disk)
        except OSError as error:
            log.warning("recording cannot be opened", path=path, error=str(error))
            return None
        if self._writes_at_once(variables) and isinstance(file, WavFile):
            file.step = 2 * options.channels
        channel = self._channel
        return recorder.Recording(
            path,
            file,
            options,
            variables,
            says=channel.says,
            hears=channel.hears,
            receives=channel.receives,
        )

    def _lookup(self, variables: Mapping[str, str]) -> Callable[[str], str | None]:
        """A recording's own variables first, then the channel's."""
        own = {key.lower(): value for key, value in variables.items()}
        return lambda name: own.get(name.lower()) or self._channel.variables.get(name)

    def _keep(self, made: Running, limit: int) -> None:
        """Starts what a recording needs while it runs: its time limit, its silence, its file."""
        keepers = []
        if limit > 0:
            end = int(time.time()) + limit  # whole seconds of the clock, as switch_epoch_time_now
            if isinstance(made, recorder.Recording):
                left = round((end - time.time()) * 1000 / FRAME_MS)
                made.ends = self._channel.media_frame + left
            keepers.append(self._spawn(f"limit of {made.path}", self._end_at, made, end))
        detects = isinstance(made, recorder.Recording) and made.detects_silence
        if detects or self._settings.live_files:
            often = detects or self._writes_at_once(made.variables)
            step = FRAME_MS / 1000 if often else LIVE_STEP_SECONDS
            keepers.append(self._spawn(f"recording {made.path}", self._tend, made, step))
        self._keepers[made.path] = keepers

    def _writes_at_once(self, variables: Mapping[str, str]) -> bool:
        return self._lookup(variables)("enable_file_write_buffering") == "false"

    def _end_at(self, made: Running, end: float) -> None:
        gevent.sleep(max(0.0, end - time.time()))
        made.overdue = True
        if not made.paused:
            self._finish(made, call_gone=False)

    def _tend(self, made: Running, step: float) -> None:
        while self._running.get(made.path) is made:
            gevent.sleep(step)
            if self._running.get(made.path) is not made:
                return
            if isinstance(made, recorder.Recording):
                made.advance(self._channel.media_frame)
                if made.prune:
                    self._finish(made, call_gone=False)
                elif self._settings.live_files:
                    made.write_out()

    def stop(self, path: str) -> bool:
        """Stops one, or `all` of them; False: there is no such recording."""
        if path.lower() == "all":
            return self._stop_all()
        made = self._running.get(path)
        if made is None:
            return False
        self._finish(made, call_gone=self._channel.down)
        return True

    def _stop_all(self) -> bool:
        running = list(self._running.values())
        for made in running:
            self._finish(made, call_gone=self._channel.down)
        return bool(running)

    def pause(self, path: str, on: bool) -> bool:
        return self._switch(path, "paused", on)

    def mask(self, path: str, on: bool) -> bool:
        return self._switch(path, "masked", on)

    def _switch(self, path: str, what: str, on: bool) -> bool:
        made = self._running.get(path)
        if made is None:
            return False
        made.advance(self._channel.media_frame)
        setattr(made, what, on)
        if made.overdue and not made.paused:
            self._finish(made, call_gone=False)
        return True

    def _finish(self, made: Running, *, call_gone: bool) -> None:
        if self._running.pop(made.path, None) is not made:
            return
        made.advance(self._channel.media_frame)
        made.close(call_gone=call_gone)
        self._report(made)
        me = gevent.getcurrent()
        for keeper in self._keepers.pop(made.path, []):
            if keeper is not me:
                keeper.kill(block=False)

    def _report(self, made: Running) -> None:
        """Variables first, then the event that carries them."""
        channel = self._channel
        if made.discarded:
            channel.set("RECORD_DISCARDED", "true")
            recorder.remove(made.path)
        channel.variables.update(recording_variables(made))
        cause = {"Record-Completion-Cause": made.cause or ""}
        channel.fire("RECORD_STOP", {**recording_headers(made), **cause})


class FlatContent:
    """The file content of flat pace, made once for each number of channels."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._made: dict[int, bytes] = {}

    def content(self, channels: int) -> bytes:
        if self._seconds <= 0:
            return b""
        if channels not in self._made:
            self._made[channels] = _wav_of_silence(self._seconds, channels)
        return self._made[channels]


def _wav_of_silence(seconds: float, channels: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * channels * int(seconds * RATE)))
    return buffer.getvalue()


def recording_variables(made: Running) -> dict[str, str]:
    """What a recording leaves in its channel; some formats leave the last one's size."""
    size = {} if made.size is None else {"record_file_size": str(made.size)}
    return size | {
        "record_samples": str(made.samples),
        "record_seconds": str(made.samples // RATE),
        "record_ms": str(made.samples * 1000 // RATE),
        "record_completion_cause": made.cause or "",
    }


def recording_headers(made: Running) -> dict[str, str]:
    """The own headers of RECORD_START and RECORD_STOP."""
    own = {f"Recording-Variable-{name}": value for name, value in made.variables.items()}
    return {"Record-File-Path": made.path, **own}
