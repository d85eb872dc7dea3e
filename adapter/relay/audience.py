"""The clients that hear of one call: the one that took it, and those that command it.

Who they are is a variable of the channel, so that whoever gets the call, should we die, tells them
on.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gevent.event import Event as Flag

from adapter.callbacks.payloads import call_event, record_event
from adapter.control.clients import MOST, VARIABLE, clients_in, clients_variable
from adapter.control.states import EVENT as STATE
from adapter.control.states import device, reason
from adapter.recording.state import State

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.identity import CallIdentity
    from adapter.relay.exchange import Exchange
    from adapter.store.rows import Recording

RECEIVE, DIAL = "calling.call.receive", "calling.call.dial"


class Audience:
    """Of one call."""

    def __init__(
        self,
        exchange: Exchange,
        identity: CallIdentity,
        facts: Mapping[str, Any],
        *,
        known: str = "",
        remember: Callable[[Mapping[str, str]], None] = lambda _variables: None,
    ) -> None:
        """`known` is what the channel's variable holds, `remember` sets variables of it."""
        self.news = Flag()
        """Set when somebody takes the call, or passes it on; cleared by who waits for that."""
        self._exchange = exchange
        self._identity = identity
        self._facts = facts
        self._remember = remember
        self._protocols = clients_in(known)
        self._tag = ""
        self._answered = facts["call_state"] == "answered"

    # -- who -------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Protocols of the clients that have the call."""
        return list(self._protocols)

    @property
    def marks(self) -> Mapping[str, str]:
        """Variables of a channel by which they have it."""
        return clients_variable(self._protocols)

    @property
    def anybody(self) -> bool:
        """Whether some client has the call."""
        return bool(self._protocols)

    @property
    def connected(self) -> bool:
        """Whether one of them is connected at this moment."""
        return self._exchange.is_there(self._identity.project_id, self._protocols)

    def join(self, protocol: str) -> None:
        """This client commands the call: from now on it hears of it."""
        if protocol not in self._protocols and len(self._protocols) < MOST:
            self._protocols.append(protocol)
            self._write_down()
        self.news.set()

    def begin(self, client: str, tag: str) -> None:
        """This client had the call made; where that is new, it is told of the answer.

        Of the dial's end first: then users wait for the call's state (`relay_dial_and_play.py`).
        """
        self._tag = tag
        if self.anybody:
            return
        self.join(client)
        call = {
            "call_id": self._identity.call_id,
            "node_id": self._identity.node_id,
            "dial_winner": True,
            **self._about_call("answered"),
        }
        self.tell(self._event(DIAL, {"tag": tag, "dial_state": "answered", "call": call}))
        self.state("answered")

    def leave(self, protocol: str) -> None:
        """It wants no more of it."""
        if protocol in self._protocols:
            self._protocols.remove(protocol)
            self._write_down()
        self.news.set()

    def _write_down(self) -> None:
        self._remember(self.marks)

    # -- offering --------------------------------------------------------------------------------

    def candidate(self, topic: str, asked: set[str]) -> str | None:
        """A client that wants such calls and was not asked yet."""
        found = self._exchange.of_topic(self._identity.project_id, topic)
        left = [one for one in found if one not in asked]
        return random.choice(left) if left else None

    def offer(self, protocol: str, topic: str) -> bool:
        """Offer it the call, which rings until somebody answers it; False if it is gone."""
        state = "answered" if self._answered else "created"
        params = {
            **self._about_call(state),
            "context": topic,
            "project_id": self._identity.project_id,
            "segment_id": self._facts["segment_id"],
        }
        ringing = None if self._answered else self._event(STATE, self._about_call("ringing"))
        offer = self._event(RECEIVE, params)
        # Behind its acknowledgement: else clients are told of a `created` call that rings already.
        return self._exchange.deliver(self._identity.project_id, protocol, offer, ringing)

    # -- telling ---------------------------------------------------------------------------------

    def tell(self, event: Mapping[str, Any]) -> None:
        """Something happened to the call; `event` is what a callback would hold."""
        for protocol in self._protocols:
            self._exchange.post(self._identity.project_id, protocol, event)

    def state(self, state: str, cause: str = "") -> None:
        """The call is in another state (created, ringing, answered, ending, ended)."""
        self._answered = self._answered or state == "answered"
        params = self._about_call(state)
        if cause:
            params["end_reason"] = reason(cause, talked=self._answered)
        self.tell(self._event(STATE, params))

    def recording(self, row: Recording, url: str) -> None:
        """One of the call's recordings is in another state.

        Clients know one failure, `no_input`, and would wait for ever after an `error`.
        """
        if not self.anybody:
            return
        event = record_event(row, state=row.state, timestamp=time.time(), url=url)
        if row.state == State.ERROR:
            event["params"]["state"] = "no_input"
        self.tell(event)

    def again(self) -> None:
        """Tell where the call stands: after a while in which nobody could."""
        self.state("answered" if self._answered else "ringing")

    def _about_call(self, state: str) -> dict[str, Any]:
        return {
            "call_state": state,
            "direction": self._facts["direction"],
            "device": self._device(),
            "tag": self._tag,
        }

    def _device(self) -> dict[str, Any]:
        """The call's ends; a SIP call's with the headers that came with it."""
        facts = self._facts
        ends = device(facts["type"], facts["from"], facts["to"])
        if facts["type"] != "phone":
            ends["params"]["headers"] = facts.get("headers", [])
        return ends

    def _event(self, event_type: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return call_event(event_type, self._identity, time.time(), **params)


def gather(
    exchange: Exchange, call: Call, identity: CallIdentity, facts: Mapping[str, Any]
) -> Audience:
    """The audience of a call that has come to us, for the first time or again."""
    known, remember = call.variable(VARIABLE), call.set_variables
    audience = Audience(exchange, identity, facts, known=known, remember=remember)
    call.on("CHANNEL_ANSWER", lambda _: audience.state("answered"))
    call.on("CHANNEL_HANGUP", lambda event: audience.state("ending", event.get("Hangup-Cause")))
    return audience
