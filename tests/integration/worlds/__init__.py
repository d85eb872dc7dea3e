"""Everything that an integration test needs around the adapter, each in a process of its own.

A world is a switch (`sim_switch` or `real_switch`), phones that call it, an adapter that runs the
calls' documents, and a web server (`receiver`) that is everything the adapter talks to: documents,
sounds, status callbacks. All of it listens on loopback, on ports that were free.
"""
