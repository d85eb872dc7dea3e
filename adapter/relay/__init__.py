"""RELAY: clients that stay connected by a WebSocket, are offered calls and command them.

A second door to the commands of `adapter.control`; what is new here is who is there, who is told
what, and what they say to us (JSON-RPC 2.0).
"""
