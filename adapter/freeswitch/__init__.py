"""FreeSWITCH's event socket: bytes, commands, connections, and what may be done with a call."""
