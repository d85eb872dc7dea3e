"""SWML's JavaScript: QuickJS in helper processes, one evaluation at a time each."""

from adapter.javascript.engine import Engine
from adapter.javascript.limits import EngineLimits

__all__ = ["Engine", "EngineLimits"]
