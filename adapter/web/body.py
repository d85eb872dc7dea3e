"""A request's body, as gevent reads it, with one error for all that breaks it off.

gevent raises what happens to come to hand: for a chunk without a size a ValueError, for another
broken one an OSError like a socket's, and goes on in the middle of the body, as if the next
request began there. Behind a proxy that would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable

from gevent.pywsgi import Input

from adapter.web.app import BodyTooLarge, BrokenBody


class Body(Input):
    """Reads what Content-Length or the chunks say (RFC 9112, 6 and 7.1)."""

    # gevent's own class has slots; one that has none gets a dictionary.
    broken = False
    """Whether nobody knows any more where the next request begins."""

    def read(self, length: int | None = None) -> bytes:
        """Up to `length` bytes; raises BrokenBody, BodyTooLarge, TimeoutError."""
        return self._checked(super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        """As `read`, up to a line's end."""
        return self._checked(super().readline, size)

    def _checked(self, read: Callable[[int | None], bytes], size: int | None) -> bytes:
        if self.broken:
            raise BrokenBody("the rest of a broken body")
        try:
            return read(size)
        except (BodyTooLarge, TimeoutError):
            raise
        except (OSError, ValueError) as error:
            self.broken = True
            raise BrokenBody(f"a broken body: {error}") from error
