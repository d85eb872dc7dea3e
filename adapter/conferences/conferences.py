"""What all conferences of an adapter share."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.conferences.recordings import ConferenceRecordings
from adapter.freeswitch import conferences
from adapter.freeswitch.call import Call
from adapter.recording.archive import Archive


@dataclass(frozen=True, slots=True)
class Conferences:
    """Where conferences are found, and how they are made."""

    profile: str
    """The profile of conference.conf.xml by which the switch makes them."""
    default_project: str
    archive: Archive

    def room(self, name: str, project_id: str) -> str:
        """The switch's name of a project's conference; raises `UnsafeValue`.

        Conferences of the default project have plain names, which the dialplan can lead into as
        well; another project's cannot be entered from this one.
        """
        return conferences.room(name, "" if project_id == self.default_project else project_id)

    def recordings(self, call: Call) -> ConferenceRecordings:
        """The recordings of conferences, started and ended by one call's connection."""
        return ConferenceRecordings(call, self.archive)
