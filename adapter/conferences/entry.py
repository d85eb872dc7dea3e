"""How a call enters a conference: what is asked of the switch. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from gevent.event import Event as Flag

from adapter.conferences.listeners import Listener

STAY_VARIABLE = "swml_conference"
"""On a channel: the stay that began last, whether it outlives us, what `socket_resume` was."""

ON_ITS_OWN, WITH_US = "on-its-own", "with-us"

SILENCE = "silence_stream://1"
"""In place of a profile's own beep."""


class CannotJoin(Exception):
    """The conference is full, or there is nobody to coach."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a call enters a conference."""

    room: str
    """The conference as the switch calls it."""
    profile: str
    muted: bool = False
    enter_sound: str = ""
    """What the others hear when it enters; empty: nothing."""
    exit_sound: str = ""
    starts: bool = True
    ends: bool = False
    max_members: int | None = None
    waits: Callable[[Flag], None] | None = None
    """Plays what is heard before the conference starts, until the flag is set; None: the switch's
    own music."""
    coached: str = ""
    """The one call that hears this one."""
    listener: Listener | None = None
    more: tuple[str, ...] = ()
    """Further flags."""

    @property
    def may_wait(self) -> bool:
        """Whether it may have to wait for the start with a sound of its own."""
        return self.waits is not None and not self.starts

    @property
    def flags(self) -> list[str]:
        """Member and conference flags (mod_conference.c, `conference_utils_set_mflags`)."""
        wanted = {
            "moderator": self.starts,
            "wait-mod": not self.starts,
            # A coach must not be heard before it is settled by whom.
            "mute": self.muted or bool(self.coached),
            "endconf": self.ends,
            # The switch's music would be heard between the sounds that we play.
            "deaf": self.may_wait,
        }
        return [*(name for name, given in wanted.items() if given), *self.more]

    @property
    def variables(self) -> dict[str, str]:
        """The channel's variables that mod_conference reads."""
        return {
            "conference_uuid": "",
            "conference_controls": "none",
            "conference_enter_sound": self.enter_sound or SILENCE,
            "conference_exit_sound": self.exit_sound or SILENCE,
            "conference_max_members": str(self.max_members or ""),
            "hangup_after_conference": "false",
        }


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay, as a channel variable remembers it for whoever takes the call up."""

    name: str
    on_its_own: bool
    resume: str
    """What `socket_resume` was before."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From the variable; None if it says nothing."""
        name, blank, rest = text.partition(" ")
        word, _, resume = rest.partition(" ")
        return cls(name, word == ON_ITS_OWN, resume) if blank else None

    @property
    def variables(self) -> dict[str, str]:
        """What makes it so: without `socket_resume` the application goes on when we die."""
        word = ON_ITS_OWN if self.on_its_own else WITH_US
        return {
            STAY_VARIABLE: f"{self.name} {word} {self.resume}",
            "socket_resume": "false" if self.on_its_own else "true",
        }
