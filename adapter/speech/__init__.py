"""Listening to the party: when it speaks, and what it says."""
