"""One conference: who is in it, what each of them hears, and the events about it.

Source: conference_member.c, mod_conference.c (conference_thread_run), conference_event.c. What a
member hears is a new mix whenever anything changes: voices, music, beeps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapter.simswitch.audio import FRAME_MS, RATE, Source
from adapter.simswitch.disk import Disk
from adapter.simswitch.events import Block, Event
from adapter.simswitch.files import FORMATS, RecordingFile
from adapter.simswitch.session import Host, Session
from adapter.simswitch.strings import new_uuid
from adapter.simswitch.timeline import Segment, Timeline
from adapter.simswitch.tones import Sound, sound
from adapter.simswitch.voices import Mix, Voice

MAINTENANCE = "conference::maintenance"
_SOURCE = ("conference_event.c", "conference_event", 1)


@dataclass(slots=True, eq=False)
class Member:
    """A call in a conference."""

    id: int
    session: Session
    flags: frozenset[str]
    speaks: bool = True
    hears: bool = True
    on_hold: bool = False
    running: bool = True
    busy: bool = False
    """Whether an application that was sent to it plays in place of the conference."""
    segment: Segment | None = None

    @property
    def moderator(self) -> bool:
        return "moderator" in self.flags

    @property
    def audible(self) -> bool:
        return self.speaks and not self.on_hold

    def headers(self) -> dict[str, str]:
        """What an event about it says besides its call."""
        texts = {True: "true", False: "false"}
        return {
            "Hear": texts[self.hears],
            "See": "true",
            "Speak": texts[self.speaks],
            "Talking": "false",
            "Mute-Detect": "false",
            "Hold": texts[self.on_hold],
            "Member-ID": str(self.id),
            "Member-Type": "moderator" if self.moderator else "member",
            "Member-Ghost": "false",
            "Energy-Level": "100",
            "Current-Energy": "0",
        }


@dataclass(slots=True)
class Tape:
    """A recording of a whole conference; it has a clock of its own."""

    path: str
    file: RecordingFile
    heard: Timeline = field(default_factory=Timeline)
    began: float = field(default_factory=time.monotonic)

    @property
    def frame_now(self) -> int:
        return int((time.monotonic() - self.began) * 1000 / FRAME_MS)

    def close(self) -> None:
        self.file.write(self.heard.render(0, self.frame_now).tobytes())
        self.file.close()


class Conference:
    """Exists, and is one of the switch's `rooms`, from its first member until its last has left."""

    def __init__(
        self, switch: Host, rooms: dict[str, Conference], name: str, profile: str, *, waits: bool
    ) -> None:
        self.name, self.profile, self.uuid = name, profile, new_uuid()
        self.waits = waits
        """Whether nobody is heard yet, since there was no moderator."""
        self.max_members = 0
        self.members: list[Member] = []
        self.variables: dict[str, str] = {}
        self.kept_apart: set[tuple[int, int]] = set()
        self.over = False
        self.tapes: list[Tape] = []
        self._switch, self._rooms = switch, rooms
        self._sounds: list[tuple[float, Source]] = []
        self._music: tuple[float, Source] | None = None
        rooms[name] = self
        self.fire("conference-create")

    # --- who is in it

    def find(self, member_id: int) -> Member | None:
        return next((one for one in self.members if one.id == member_id), None)

    def enter(self, member: Member, sound_name: str) -> None:
        self.members.append(member)
        self.waits = self.waits and not member.moderator
        if len(self.members) > 1:
            self._add_sound(sound_name)
        self.remix()
        self.fire("add-member", member)

    def leave(self, member: Member, sound_name: str) -> None:
        """The conference ends with its last member, and with one that ends it."""
        self.members.remove(member)
        _stop(member)
        self._add_sound(sound_name)
        self.remix()
        self.fire("del-member", member)
        if not self.members or "endconf" in member.flags:
            self.end()

    def end(self) -> None:
        """Everybody is put out; who is not to be hung up goes on elsewhere."""
        if not self.over:
            self.over = True
            if self._rooms.get(self.name) is self:
                del self._rooms[self.name]
        for member in self.members:
            member.running = False
            kept = (member.session.channel.get("hangup_after_conference") or "").lower()
            if kept not in {"false", "no", "off", "0"}:
                member.session.channel.hangup("NORMAL_CLEARING")
            member.session.rouse()
        if not self.members:
            for tape in list(self.tapes):
                self.stop_recording(tape)
            self.fire("conference-destroy")

    # --- what is heard

    def remix(self) -> None:
        """Anything has changed: everybody hears something else from now on."""
        now = time.monotonic()
        alone = len(self.members) == 1 and "nomoh" not in self.members[0].flags
        if self.waits or alone:
            found = self._hold_music() if self._music is None else None
            self._music = (now, found.source) if found else self._music
        else:
            self._music = None
        for member in self.members:
            self.resume(member)
        for tape in self.tapes:
            tape.heard.begin(tape.frame_now, Mix(self._heard_by(None)))

    def resume(self, member: Member) -> None:
        """The member hears the conference as it is now, unless something else plays for it."""
        if member.busy or not member.running:
            return
        _stop(member)
        heard = self._heard_by(member) if member.hears else ()
        member.segment = member.session.channel.play(Mix(heard))

    def _heard_by(self, listener: Member | None) -> Iterator[tuple[Source, int]]:
        now = time.monotonic()
        for began, source in [*self._sounds, *([self._music] if self._music else [])]:
            yield source, round((now - began) * 1000 / FRAME_MS) * FRAME_MS * RATE // 1000
        for speaker in self.members:
            apart = listener and (speaker.id, listener.id) in self.kept_apart
            if speaker is not listener and speaker.audible and not self.waits and not apart:
                yield Voice(speaker.session.channel), 0

    def _hold_music(self) -> Sound | None:
        return sound(self._switch.global_variable("hold_music") or "", self._switch.sounds)

    def _add_sound(self, name: str) -> None:
        now = time.monotonic()
        self._sounds = [
            (at, one) for at, one in self._sounds if now - at < (one.length or 0) / RATE
        ]
        found = sound(name, self._switch.sounds) if name else None
        if found and found.source.length:
            self._sounds.append((now, found.source))

    # --- recordings

    def record(self, path: str) -> bool:
        """False where the file cannot be opened; the switch says so by an event alone."""
        tape = _tape(path, self._switch.disk)
        if tape is None:
            error = {"Path": path, "Error": "File could not be opened for recording"}
            self.fire("start-recording", None, **error)
            return False
        self.fire("start-recording", Path=path)
        self.tapes.append(tape)
        self.remix()
        return True

    def stop_recording(self, tape: Tape) -> None:
        self.tapes.remove(tape)
        tape.close()
        self.fire("stop-recording", Path=tape.path)

    # --- events

    def fire(self, action: str, member: Member | None = None, **headers: str) -> None:
        """An event about a member carries its call's Unique-ID, any other one none."""
        channel = member.session.channel if member else None
        facts = {
            "Event-Subclass": MAINTENANCE,
            "Conference-Name": self.name,
            "Conference-Domain": self._switch.settings.hostname,
            "Conference-Size": str(len(self.members)),
            "Conference-Ghosts": "0",
            "Conference-Profile-Name": self.profile,
            "Conference-Unique-ID": self.uuid,
            **self.variables,
            **(member.headers() if member else {}),
            "Action": action,
            **headers,
        }
        blocks = channel.basic_blocks() if channel else []
        head = self._switch.head("CUSTOM", _SOURCE)
        uuid = channel.uuid if channel else None
        self._switch.publish(Event("CUSTOM", uuid, [head, *blocks, Block(facts)], ""))


def _tape(path: str, disk: Disk) -> Tape | None:
    made = FORMATS.get(path.rpartition(".")[2].lower())
    if made is None:
        return None
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return Tape(path, made.make(Path(path), 1, disk))
    except OSError:
        return None


def _stop(member: Member) -> None:
    if member.segment is not None and member.segment.end is None:
        member.segment.end = max(member.segment.start, member.session.channel.media_frame)
    member.segment = None
