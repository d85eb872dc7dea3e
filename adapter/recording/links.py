"""Addresses under which recordings are downloaded.

With a secret, a link carries a signature, so that knowing an id is not enough. The link itself
does not expire: how long it works is counted from the recording's end, which is not known yet
when the first link is given out, and is judged by the server.
"""

import hashlib
import hmac
from urllib.parse import quote

_PURPOSE = b"recording download:"


def download_url(public_url: str, recording_id: str, secret: str | None) -> str:
    """The recording's address below `public_url`, signed if there is a `secret`."""
    path = f"{public_url.rstrip('/')}/api/v1/recordings/{quote(recording_id, safe='')}/download"
    return f"{path}?sig={_signature(recording_id, secret)}" if secret else path


def media_url(public_url: str, project_id: str, recording_id: str, secret: str | None) -> str:
    """The recording's address in the LaML API, signed if there is a `secret`."""
    account = f"/api/laml/2010-04-01/Accounts/{quote(project_id, safe='')}"
    path = f"{public_url.rstrip('/')}{account}/Recordings/{quote(recording_id, safe='')}"
    return f"{path}?sig={_signature(recording_id, secret)}" if secret else path


def verify(recording_id: str, signature: str, secret: str) -> bool:
    """Whether `signature` was made for this recording; takes the same time for any input."""
    expected = _signature(recording_id, secret).encode()
    return hmac.compare_digest(expected, signature.encode(errors="replace"))


def recording_id(public_url: str, url: str, secret: str | None) -> str | None:
    """The recording that `url` downloads, if `download_url` made it; None otherwise."""
    prefix, suffix = f"{public_url.rstrip('/')}/api/v1/recordings/", "/download"
    found, _, _ = url.removeprefix(prefix).partition(suffix)
    return found if url == download_url(public_url, found, secret) else None


def _signature(recording_id: str, secret: str) -> str:
    message = _PURPOSE + recording_id.encode(errors="replace")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
