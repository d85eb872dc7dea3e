"""SWML's JavaScript: QuickJS in helper processes, each of which evaluates one expression at a time.

The specification names V8. What differs from it:

- no `Intl`: `toLocaleString` and its like take no locale, `localeCompare` goes by code points;
- `Date.prototype.toString` names no time zone, and `Error.prototype.stack` looks different;
- nothing of a browser or of Node: no `URL`, `structuredClone`, `console`, timers, `fetch`;
- code is strict (no octal `010`, no `with`), and all built-in objects are frozen;
- `function`, loops inside functions and arrow functions work, which the specification forbids.

A value comes back as JSON: a Date is its ISO text, NaN and Infinity are text, a function is an
error.
"""

from adapter.javascript.engine import Engine
from adapter.javascript.limits import EngineLimits

__all__ = ["Engine", "EngineLimits"]
