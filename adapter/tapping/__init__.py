"""Taps: copies of a call's sound that the switch sends elsewhere as RTP or to a WebSocket."""
