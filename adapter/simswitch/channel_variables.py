"""The variables that a new channel begins with."""

from functools import lru_cache

from adapter.simswitch.events import Variables
from adapter.simswitch.leg_profile import leg_variables
from adapter.simswitch.profile import CallFacts, first_variables, own_variables


def starting_variables(facts: CallFacts, uuid: str, number: int) -> Variables:
    """A new call's variables; those that calls between the same numbers share come rendered."""
    if facts.address:
        return Variables(leg_variables(facts, uuid, number))
    if facts.headers or facts.variables:
        shared = Variables(first_variables(facts))
    else:
        numbers = (facts.from_number, facts.to_number, facts.from_name)
        shared = _shared(*numbers, facts.context, facts.network_addr)
    return shared.copy(own_variables(facts, uuid, number))


@lru_cache(maxsize=64)
def _shared(from_number: str, to_number: str, name: str, context: str, address: str) -> Variables:
    return Variables(first_variables(CallFacts(from_number, to_number, name, context, address)))
