"""Queues: who waits in which, who takes whom, and what is told of it.

The queue itself is in the store, so that its order holds however many adapters and workers serve
it. Two who have found each other meet in a conference of the switch that is theirs alone. Measured
on a real switch: `uuid_bridge` takes both calls out of `socket`, so that nobody could take them up
again if we died meanwhile (with `park_after_bridge` they stay parked for ever); a conference goes
on without us and gives both back to the dialplan, and each call keeps its own connection.
"""
