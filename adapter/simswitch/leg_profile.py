"""The variables of a leg that the switch makes, as captured from mod_sofia. Pure."""

from adapter.simswitch.profile import (
    PROFILE,
    SIP_PORT,
    CallFacts,
    own_variables,
)


def leg_variables(facts: CallFacts, uuid: str, number: int) -> dict[str, str]:
    """A new leg's variables: what was asked for it comes last."""
    host, sip = facts.network_addr, str(SIP_PORT)
    own = own_variables(facts, uuid, number)
    return {
        "direction": "outbound",
        "is_outbound": "true",
        "uuid": uuid,
        "session_id": own["session_id"],
        "sip_local_network_addr": host,
        "sip_profile_name": PROFILE,
        "text_media_flow": "disabled",
        "channel_name": facts.channel_name,
        "sip_destination_url": f"sip:{facts.address}",
        "max_forwards": "69",
        "sip_call_id": own["sip_call_id"],
        "sip_from_user": facts.from_number,
        "sip_from_host": host,
        "sip_req_uri": facts.address,
        "sip_to_user": facts.to_number,
        "sip_to_host": facts.address.rpartition("@")[2],
        "sofia_profile_name": PROFILE,
        "recovery_profile_name": PROFILE,
        "sofia_profile_url": f"sip:mod_sofia@{host}:{sip}",
        **facts.variables,
    }
