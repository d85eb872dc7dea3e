"""Greenlets that work for a call: what they log says for which, as do the lines of who began them.

gevent gives each greenlet an empty context (`contextvars`), and in there structlog keeps the fields
that every line of a call shares (`structlog.contextvars`): call_id, step, control_id. What works
for the whole process begins with gevent's own `spawn` and has no such fields.
"""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import gevent


def spawn(function: Callable[..., object], *arguments: Any, name: str = "") -> gevent.Greenlet:
    """Run `function` beside us, for the call that we work for."""
    greenlet = gevent.Greenlet(function, *arguments)
    greenlet.gr_context = copy_context()
    if name:
        greenlet.name = name
    greenlet.start()
    return greenlet
