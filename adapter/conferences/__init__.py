"""Conferences: who is in one, who is told of it, how it is recorded.

The switch mixes and knows the members (mod_conference); here is what SWML adds to that.
"""
