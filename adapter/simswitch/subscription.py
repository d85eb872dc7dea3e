"""Which events one listener gets. Pure.

Source: mod_event_socket.c (event_handler and the commands event, nixevent, myevents, filter).
"""

import re

from adapter.simswitch.events import Event

CUSTOM = "CUSTOM"
ALL = "ALL"
UNIQUE_ID = "unique-id"


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# what `myevents` turns on: no RECORD_*, PLAYBACK_*, CUSTOM or BACKGROUND_JOB among them
MY_EVENTS = _names(
    "CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA "
    "CHANNEL_DESTROY CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP "
    "CHANNEL_HANGUP_COMPLETE CHANNEL_ORIGINATE CHANNEL_UUID CHANNEL_OUTGOING CHANNEL_PARK "
    "CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE CHANNEL_UNBRIDGE CHANNEL_UNPARK "
    "DETECTED_SPEECH DTMF NOTALK TALK"
)
EVENT_NAMES = MY_EVENTS | _names(
    "CUSTOM CLONE CHANNEL_CALLSTATE CHANNEL_HOLD CHANNEL_UNHOLD API LOG INBOUND_CHAN "
    "OUTBOUND_CHAN STARTUP SHUTDOWN PUBLISH UNPUBLISH SESSION_CRASH MODULE_LOAD MODULE_UNLOAD "
    "MESSAGE PRESENCE_IN NOTIFY_IN PRESENCE_OUT PRESENCE_PROBE MESSAGE_WAITING MESSAGE_QUERY "
    "ROSTER CODEC BACKGROUND_JOB DETECTED_TONE PRIVATE_COMMAND HEARTBEAT TRAP ADD_SCHEDULE "
    "DEL_SCHEDULE EXE_SCHEDULE RE_SCHEDULE RELOADXML NOTIFY PHONE_FEATURE "
    "PHONE_FEATURE_SUBSCRIBE SEND_MESSAGE RECV_MESSAGE REQUEST_PARAMS GENERAL COMMAND "
    "SESSION_HEARTBEAT CLIENT_DISCONNECTED SERVER_DISCONNECTED SEND_INFO RECV_INFO "
    "RECV_RTCP_MESSAGE SEND_RTCP_MESSAGE CALL_SECURE NAT RECORD_START RECORD_STOP "
    "PLAYBACK_START PLAYBACK_STOP CALL_UPDATE FAILURE SOCKET_DATA MEDIA_BUG_START "
    "MEDIA_BUG_STOP CONFERENCE_DATA_QUERY CONFERENCE_DATA CALL_SETUP_REQ CALL_SETUP_RESULT "
    "CALL_DETAIL DEVICE_STATE TEXT SHUTDOWN_REQUESTED CERT_RELOAD ALL"
)
FORMATS = ("plain", "json", "xml")


class Subscription:
    """One listener's list of events, its format, its filters."""

    def __init__(self) -> None:
        self.enabled = False
        self.format = "plain"
        self.my_uuid: str | None = None
        self._names: set[str] = set()
        self._custom: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self.named: frozenset[str] = frozenset()
        """Every call that was ever named to this listener."""

    def wants(self, name: str) -> bool:
        """Whether events of this name can reach the listener at all."""
        return self.enabled and (name in self._names or ALL in self._names)

    @property
    def calls(self) -> frozenset[str] | None:
        """The only calls whose events can pass; None: any call's, or none's."""
        if self.my_uuid is not None:
            return frozenset({self.my_uuid})
        only_calls = all(header.lower() == UNIQUE_ID for header, _ in self._filters)
        return self.named if self._filters and only_calls else None

    def accepts(self, event: Event) -> bool:
        if not self.wants(event.name) or (event.name == CUSTOM and not self._listed(event)):
            return False
        if self._filters and not self._passes_filters(event):
            return False
        return self.my_uuid is None or event.uuid == self.my_uuid or self._is_job(event)

    def _listed(self, event: Event) -> bool:
        subclass = event.get("Event-Subclass")
        return ALL in self._names or subclass is None or subclass in self._custom

    def _is_job(self, event: Event) -> bool:
        return event.get("Job-Owner-UUID") == self.my_uuid

    def _passes_filters(self, event: Event) -> bool:
        """Any match lets an event pass, a match of one that starts with `-` never does."""
        passed = False
        for header, pattern in self._filters:
            value = event.get(header)
            if value is None:
                continue
            wanted = pattern.lstrip("+- ")
            refuses = "-" in pattern[: len(pattern) - len(wanted)]
            if not _matches(wanted, value):
                continue
            if refuses:
                return False
            passed = True
        return passed

    # --- commands; each returns its reply

    def event(self, arguments: str) -> str:
        words = arguments.split(" ") if arguments else []
        if words and words[0].lower() in FORMATS:
            self.format = words.pop(0).lower()
        if not self._add(words):
            return "-ERR no keywords supplied"
        self.enabled = True
        return f"+OK event listener enabled {self.format}"

    def _add(self, words: list[str]) -> bool:
        found = custom = False
        for word in words:
            if custom:
                self._custom.add(word)
            elif word.upper() in EVENT_NAMES:
                found = True
                self._names.add(word.upper())
                custom = word.upper() == CUSTOM
        return found

    def nixevent(self, arguments: str) -> str:
        words = [word.upper() for word in arguments.split(" ") if word.upper() in EVENT_NAMES]
        if not words:
            return "-ERR no keywords supplied"
        for word in words:
            self._remove(word)
        self.enabled = True
        return "+OK events nixed"

    def _remove(self, name: str) -> None:
        if name == ALL:
            self._names.clear()
            return
        if ALL in self._names:
            self._names = set(EVENT_NAMES) - {ALL}
        self._names.discard(name)

    def noevents(self) -> str:
        if not self.enabled:
            return "-ERR not listening for events"
        self.enabled = False
        self._names.clear()
        self._custom.clear()
        return "+OK no longer listening for events"

    def myevents(self, uuid: str, line: str) -> str:
        if self.my_uuid is not None:
            return "-ERR aready enabled."
        self.my_uuid = uuid
        self.named |= {uuid}
        self._names |= MY_EVENTS
        self.enabled = True
        for kind in ("xml", "json"):
            if kind in line or kind.upper() in line:
                self.format = kind
        return "+OK Events Enabled"

    def filter(self, arguments: str) -> str:
        header, _, value = arguments.lstrip(" ").partition(" ")
        if not value:
            return "-ERR invalid syntax"
        if header.lower() == "delete":
            return self._delete_filter(value)
        if header.lower() == "add":
            header, _, value = value.partition(" ")
        self._filters.append((header, value))
        if header.lower() == UNIQUE_ID:
            self.named |= {value}
        return f"+OK filter added. [{header}]=[{value}]"

    def _delete_filter(self, rest: str) -> str:
        header, _, value = rest.partition(" ")
        if header.lower() == "all":
            self._filters.clear()
        self._filters = [
            item
            for item in self._filters
            if item[0].lower() != header.lower() or (value and item[1] != value)
        ]
        return f"+OK filter deleted. [{header}][{value}]"


def _matches(pattern: str, value: str) -> bool:
    if pattern.startswith("/"):
        return re.search(pattern.strip("/"), value) is not None
    return pattern.lower() == value.lower()
