"""Calling others and bridging them with a call: whom, how it went, and who is told of it."""
