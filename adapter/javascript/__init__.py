"""SWML's JavaScript: QuickJS in helper processes, each of which evaluates one expression at a time.

The specification names V8; docs/language.md lists what differs, and tests compare both.
"""

from adapter.javascript.engine import Engine
from adapter.javascript.limits import EngineLimits

__all__ = ["Engine", "EngineLimits"]
