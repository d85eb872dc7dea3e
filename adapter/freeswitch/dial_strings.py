r"""Dial strings: whom a `bridge` or an `originate` calls, and with which variables. Pure.

    [^^;origination_uuid=…;leg_timeout=20]sofia/gateway/carrier/15551234567
    └── one leg's variables ──────────────┘└── its endpoint ──────────────┘

Legs that ring together are joined by `,`, groups that are tried one after the other by `|`.

What comes from outside cannot choose more than whom to call:

- An endpoint is made here of a number or of a SIP URI's parts. A number goes out by the gateway
  of the settings, a URI by their SIP profile; nothing else of a dial string can be written with
  what is let through, so no other gateway, no `loopback/`, no application can be reached.
- A value is escaped for each of the passes that the switch makes over it (switch_ivr_originate.c,
  switch_ivr_originate; switch_event.c, switch_event_create_brackets; switch_utils.c,
  switch_separate_string). Every pass takes one layer of `\` off: expansion of the application's
  argument (or the split of an API's arguments), `|`, `,`, the variables' `;`, and `=`.
- `[^^;` makes `;` separate the variables. With the usual `,` one apostrophe in one of the values
  would change which commas separate.
- `:_:` anywhere in the string would make it another kind of dial string, whatever it stands in
  (`strstr` before anything is parsed): two quotes in its middle vanish with the first pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapter.freeswitch import commands
from adapter.freeswitch.commands import inert
from adapter.freeswitch.errors import UnsafeValue

MOST_LEGS = 100
"""Legs of one dial string; the switch itself takes 128 (switch_ivr_originate.c, MAX_PEERS)."""

LONGEST_VALUE = 1024
"""Characters of one variable; a SIP message over UDP has room for little more."""

NUMBER = "{number}"
"""What stands in a gateway's template for the number."""

PAUSE_MS, ROUNDS = 500, 60
"""How often a call that we made asks for an adapter where none answers, and the pauses between;
the switch takes 128 actions (mod_dptools.c, inline_dialplan_hunt)."""

_DIGITS = re.compile(r"\+?[0-9]{1,32}")
_DECORATION = re.compile(r"[\s().-]")
_URI = re.compile(
    r"sips?:"
    r"(?:(?:[A-Za-z0-9_.!~*+&=-]|%(?!00|0[AaDd])[0-9A-Fa-f]{2}){1,128}@)?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::[0-9]{1,5})?"
    r"(?P<parameters>(?:;[A-Za-z0-9-]{1,32}(?:=[A-Za-z0-9._:+-]{1,64})?)*)"
)
_OWN_PARAMETER = re.compile(r";(?:fs|fs-[^;=]*|received|rport)(?=[;=]|$)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EXPANDED = re.compile(r"\$\\*\{|origination_nested_vars", re.IGNORECASE)
_SPECIAL = [re.compile(rf"['\\{separator}]") for separator in "=;,|"]
_BETWEEN_COLONS = re.compile(r":_(?=:)")


def is_uri(to: str) -> bool:
    """Whether this is to be a SIP URI, and not a number."""
    return re.match(r"sips?:", to, re.IGNORECASE) is not None


def undecorated(number: str) -> str:
    """`+1 (555) 123-4567` as it is dialled."""
    return _DECORATION.sub("", number)


def resource_address(to: str) -> str:
    """`/public/sales` as the settings name it: without a query and a slash at its end."""
    return to.partition("?")[0].rstrip("/")


@dataclass(frozen=True, slots=True)
class Outlet:
    """By what calls leave the switch (the settings' `sip_profile` and `gateway`)."""

    sip_profile: str
    gateway: str | None = None
    """A gateway's name, or a whole endpoint with `{number}` in it."""

    resources: Mapping[str, str] = field(default_factory=dict)
    """What addresses such as `/public/sales` stand for."""

    def endpoint(self, to: str) -> str:
        """The endpoint of a number or a SIP URI; raises `UnsafeValue` for anything else."""
        to = self.meant(to)
        return self._sip(to) if is_uri(to) else self._number(to)

    def towards(self, place: str, user: str) -> str:
        """The endpoint by which another switch of ours is called, for one of our own names there.

        `place` is its `HOST:PORT`, or a whole endpoint with `{number}` (the settings' `switches`).
        """
        if NUMBER in place:
            return place.replace(NUMBER, commands.word(user))
        return self._sip(f"sip:{user}@{place}")

    def meant(self, to: str) -> str:
        """What a resource address stands for, and anything else itself; raises `UnsafeValue`."""
        if not to.startswith("/"):
            return to
        address = resource_address(to)
        if address not in self.resources:
            raise UnsafeValue(
                f"nobody is known by {address[:60]!r}: name the number, SIP address or queue in"
                " the setting `resources`"
            )
        return self.resources[address]

    def _number(self, to: str) -> str:
        number = undecorated(to)
        if not _DIGITS.fullmatch(number):
            raise UnsafeValue(f"this is neither a number nor a SIP URI: {to[:60]!r}")
        if self.gateway is None:
            raise UnsafeValue(
                "numbers cannot be called: name the switch's gateway in the setting `gateway`"
            )
        if NUMBER in self.gateway:
            return self.gateway.replace(NUMBER, number)
        return f"sofia/gateway/{self.gateway}/{number}"

    def _sip(self, to: str) -> str:
        scheme, _, rest = to.partition(":")
        found = _URI.fullmatch(f"{scheme.lower()}:{rest}")
        if not found or _OWN_PARAMETER.search(found["parameters"]):
            raise UnsafeValue(f"this is no SIP URI that can be called: {to[:60]!r}")
        return f"sofia/{self.sip_profile}/{found[0]}"


@dataclass(frozen=True, slots=True)
class Leg:
    """One call to make: its Unique-ID (chosen by us), whom it calls, and its variables."""

    uuid: str
    endpoint: str
    variables: Mapping[str, str] = field(default_factory=dict)


Groups = Sequence[Sequence[Leg]]


def for_bridge(groups: Groups) -> str:
    """The argument of the application `bridge`: groups in turn, the legs of each at once."""
    text = _joined(groups)
    # The switch only looks at backslashes where it sees a pair of them.
    return inert(text.replace("\\", r"\\").replace("$", r"\$") if "\\" in text else text)


def for_originate(groups: Groups) -> str:
    """The first word of the API call `originate`."""
    return _as_word(_joined(groups))


def _as_word(text: str) -> str:
    return text.replace("\\", r"\\").replace("'", r"\'").replace(" ", r"\s")


def originate(leg: Leg, adapter: str, *, seconds: int) -> bytes:
    """Call somebody, who comes to us at `adapter` (`HOST:PORT`) after the answer.

    The job's id is the leg's. After `seconds` the switch gives up by itself. Where nobody is at
    that address the call waits for an adapter as long as this takes (mod_dptools.c,
    `inline_dialplan_hunt`), then it ends: an adapter that dies leaves no call behind.
    """
    return commands.background(
        leg.uuid,
        "originate",
        f"{{ignore_early_media=true,originate_timeout={seconds:d}}}{for_originate([[leg]])}",
        _actions(adapter),
        "inline",
    )


def to_adapter(uuid: str, adapter: str) -> bytes:
    """Have a call that is somewhere else, in a bridge for one, come to us as one of `originate`."""
    return commands.api("uuid_transfer", commands.word(uuid), _actions(adapter), "inline")


def _actions(adapter: str) -> str:
    """What the call does from then on: ask for us, again and again."""
    socket = f"socket:{commands.word(adapter)} async full"
    waits = [f"sleep:{PAUSE_MS}", socket] * ROUNDS
    return _as_word("^".join(["m:", ":" + socket, socket, *waits]))


def _joined(groups: Groups) -> str:
    """The string after the first pass of the switch, with `:_:` taken apart."""
    count = sum(map(len, groups))
    if not count or not all(groups):
        raise UnsafeValue("there is nobody to call")
    if count > MOST_LEGS:
        raise UnsafeValue(f"{count} destinations are too many: at most {MOST_LEGS}")
    text = "|".join(",".join(_leg(leg) for leg in group) for group in groups)
    return _BETWEEN_COLONS.sub(":''_", text)


def _leg(leg: Leg) -> str:
    pairs = {"origination_uuid": leg.uuid, **leg.variables}
    written = ((_name(name), _quoted(value)) for name, value in pairs.items())
    return f"[^^;{';'.join(f'{name}={value}' for name, value in written if value)}]{leg.endpoint}"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise UnsafeValue(f"this is no name of a variable: {text[:60]!r}")
    return text


def _quoted(value: str) -> str:
    """A value for the four passes behind the first, the last one first."""
    value = plain(value)
    for special in _SPECIAL:
        value = special.sub(r"\\\g<0>", value)
    return value


def plain(value: str) -> str:
    """`value` without blanks around it, if a dial string can carry it; `UnsafeValue` else."""
    value = value.strip()
    if _CONTROL.search(value) or len(value) > LONGEST_VALUE:
        raise UnsafeValue(f"a control character, or too long, for a call leg: {value[:60]!r}")
    if _EXPANDED.search(value):
        raise UnsafeValue(f"the switch would expand this: {value[:60]!r}")
    if not _balanced(value):
        raise UnsafeValue(f"square brackets must be in pairs here: {value[:60]!r}")
    return value


def _balanced(value: str) -> bool:
    depth = 0
    for char in value:
        depth += {"[": 1, "]": -1}.get(char, 0)
        if depth < 0:
            return False
    return depth == 0
