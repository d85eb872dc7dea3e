"""Calling the legs of a dial string until one of them answers.

Source: switch_ivr_originate.c (switch_ivr_originate, check_channel_status,
check_per_channel_timeouts, collect_thread_run).

Rules
- Groups are tried in turn; of a group the first that answers wins and the others lose the race.
- Time limits count whole seconds of the clock: a leg's limit of 2 ends it after 2 to 3 seconds.
- `group_confirm_key=exec`: the application of `group_confirm_file` runs on a leg that has
  answered; if the leg is still up when it ends, the leg has won.
"""

from __future__ import annotations

import time

import gevent

from adapter.simswitch.audio import FRAME_MS
from adapter.simswitch.dial_string import Dialled, NotADialString, parse
from adapter.simswitch.legs import CannotCall, Leg, make_leg
from adapter.simswitch.player import Player
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi, is_true
from adapter.simswitch.switch import Switch
from adapter.simswitch.tones import ringback

DEFAULT_SECONDS = 60
TICK = FRAME_MS / 1000


class Origination:
    """One run over a dial string. `cause` says how it ended; `winner` is the leg that answered."""

    def __init__(
        self, switch: Switch, text: str, caller: Session | None = None, *, taps: bool = False
    ) -> None:
        """`taps`: whoever answers is to hear another call."""
        self._taps = taps
        self.cause = "DESTINATION_OUT_OF_ORDER"
        self.winner: Leg | None = None
        self._switch, self._text, self._caller = switch, text, caller
        self._shared: dict[str, str] = {}
        self._legs: list[Leg] = []
        self._began = 0
        self._timed_out = False
        self._ringing: Player | None = None

    def run(self) -> Leg | None:
        """Calls until somebody answers, nobody is left, time is up or the caller has gone."""
        try:
            shared, groups = parse(self._text)
        except NotADialString:
            return None
        self._shared = {**self._exported(), **shared}
        for group in groups:
            self._try(group)
            if self.winner or self._timed_out or self.cause == "ORIGINATOR_CANCEL":
                break
        self._stop_ringback()
        return self.winner

    def _exported(self) -> dict[str, str]:
        """The caller's variables that legs inherit (switch_channel_process_export)."""
        if self._caller is None:
            return {}
        names = (self._caller.channel.get("export_vars") or "").split(",")
        names = [name.removeprefix("nolocal:") for name in names] + ["group_confirm_key"]
        values = {name: self._caller.channel.variables.get(name) for name in names if name}
        return {name: value for name, value in values.items() if value}

    def _try(self, group: list[Dialled]) -> None:
        self._began, self._legs = int(time.time()), []
        for dialled in group:
            try:
                leg = make_leg(self._switch, dialled, self._shared, self._caller, taps=self._taps)
            except CannotCall as reason:
                self.cause = reason.cause
                continue
            leg.session.companion = self._caller
            leg.time_limit = atoi(leg.session.channel.get("leg_timeout"))
            self._legs.append(leg)
            self._note_leg(leg)
        while self._legs and self.winner is None and self._goes_on():
            self._tick()
        self._end(self._legs)

    def _goes_on(self) -> bool:
        for leg in self._legs:
            self._look_at(leg)
        if self.winner is not None:
            return False
        if self._caller is not None and not self._caller.channel.ready:
            self.cause = "ORIGINATOR_CANCEL"
            return False
        return not self._time_is_up() and any(not leg.down for leg in self._legs)

    def _tick(self) -> None:
        self._ringback()
        if self._caller is None:
            gevent.sleep(TICK)
            return
        self._caller.run_messages()
        self._caller.pause(TICK)

    def _look_at(self, leg: Leg) -> None:
        elapsed = int(time.time()) - self._began
        if leg.down:
            return
        if leg.time_limit and elapsed > leg.time_limit:
            leg.session.channel.hangup("ALLOTTED_TIMEOUT")
        elif leg.confirmed:
            self.winner = self.winner or leg
        elif leg.answered and not leg.confirming:
            if leg.session.channel.get("group_confirm_key"):
                self._confirm(leg, elapsed)
            else:
                self.winner = self.winner or leg

    def _time_is_up(self) -> bool:
        limit = self._shared.get("originate_timeout") or self._variable("call_timeout")
        self._timed_out = int(time.time()) - self._began >= (atoi(limit) or DEFAULT_SECONDS)
        if self._timed_out:
            self.cause = "NO_ANSWER"
        return self._timed_out

    def _variable(self, name: str) -> str | None:
        return self._caller.channel.get(name) if self._caller else None

    # --- what is heard and confirmed meanwhile

    def _ringback(self) -> None:
        """The caller is told that it rings, by the signal or by a sound of its own."""
        caller = self._caller
        rings = any(leg.session.channel.times.progress for leg in self._legs)
        instant = is_true(self._variable("instant_ringback"))
        if caller is None or self._ringing or not (rings or instant):
            return
        name = self._variable("ringback")
        found = ringback(name, self._switch.sounds) if name else None
        if found is None:
            caller.channel.ring()
            return
        caller.channel.pre_answer()
        self._ringing = Player(caller.channel, found.source)

    def _stop_ringback(self) -> None:
        if self._ringing:
            self._ringing.stop()

    def _confirm(self, leg: Leg, elapsed: int) -> None:
        leg.confirming = True
        extended = leg.session.channel.get("group_confirm_timeout") or ""
        if extended.isdigit():
            leg.time_limit = elapsed + int(extended) if int(extended) else 0
        self._switch.spawn(f"confirm {leg.party.uuid}", _confirm, leg)

    # --- the end

    def _note_leg(self, leg: Leg) -> None:
        if self._caller is None:
            return
        channel, facts = self._caller.channel, leg.session.channel.facts
        known = channel.get("originated_legs")
        mine = f"{leg.party.uuid};Outbound Call;{facts.to_number}"
        first = "" if not known or known.startswith("ARRAY::") else "ARRAY::"
        channel.set("originated_legs", f"{first}{known}|:{mine}" if known else mine)

    def _end(self, legs: list[Leg]) -> None:
        if self.winner is not None:
            self.cause = "SUCCESS"
        elif legs and not self._timed_out and self.cause != "ORIGINATOR_CANCEL":
            self.cause = legs[0].session.channel.hangup_cause or self.cause
        for leg in legs:
            if leg is not self.winner:
                leg.session.channel.hangup(self._cause_of_the_others(legs))
            leg.session.companion = None

    def _cause_of_the_others(self, legs: list[Leg]) -> str:
        if self._timed_out or self.cause == "ORIGINATOR_CANCEL":
            return self.cause
        return "LOSE_RACE" if len(legs) > 1 else "NO_ANSWER"


def _confirm(leg: Leg) -> None:
    """`application arguments` runs on the leg before it is bridged."""
    session = leg.session
    application, _, argument = (session.channel.get("group_confirm_file") or "").partition(" ")
    session.confirming = True
    session.execute(application, argument)
    session.confirming = False
    leg.confirmed = not leg.down
    for name in ("group_confirm_key", "group_confirm_file"):
        session.channel.set(name, None)
    session.wake()
