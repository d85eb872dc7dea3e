"""Who may use the REST commands: Basic auth with a project's id and its token.

Off until a project of the settings has a token. Every token is compared with what was given, each
in the same time, so that an answer's time tells neither which projects there are nor how much of
a token was right.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

import falcon

from adapter.config import Project

CHALLENGE = 'Basic realm="SWML", charset="UTF-8"'


class Gate:
    """Lets in whoever knows a project's token."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._known = [
            (_digest(project.id.encode(), project.token.get_secret_value().encode()), project)
            for project in projects
            if project.token is not None
        ]

    @property
    def is_open(self) -> bool:
        """Whether anybody can be let in at all."""
        return bool(self._known)

    def project(self, req: falcon.Request) -> Project:
        """The project that asks; raises 401."""
        user, colon, password = _basic(req.auth or "").partition(b":")
        found = self.find(user, password) if colon else None
        if found is None:
            raise falcon.HTTPUnauthorized(description=self._advice(), challenges=[CHALLENGE])
        return found

    def knows(self, req: falcon.Request, project_id: str) -> bool:
        """Whether that project asks."""
        user, _, password = _basic(req.auth or "").partition(b":")
        found = self.find(user, password)
        return found is not None and found.id == project_id

    def find(self, project_id: bytes, token: bytes) -> Project | None:
        """The project of this id, if this is its token."""
        given = _digest(project_id, token)
        found = [each for digest, each in self._known if hmac.compare_digest(digest, given)]
        return found[0] if found else None

    def _advice(self) -> str:
        if self._known:
            return "Give a project's id as user name and its token as password."
        return "The REST commands are off: give a project a token in the settings (projects)."


def _basic(header: str) -> bytes:
    """`user:password` of an Authorization header; nothing of any other scheme."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(project_id: bytes, token: bytes) -> bytes:
    # The lengths first: `a:b` and `c` are not `a` and `b:c`.
    return hashlib.sha256(b"%d:%b:%b" % (len(project_id), project_id, token)).digest()
