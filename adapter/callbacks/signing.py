"""Signatures of requests to a project's own servers (SWML guide, "Webhook security"; LaML).

The signature is the hex HMAC of the full URL followed by the raw body, under the project's
signing key: with SHA-1 in X-SignalWire-Signature, with SHA-256 in X-SignalWire-Sha256-Signature.
The URL is the one the receiver sees: with its query, without credentials and fragment, an empty
path as `/`.

A form (LaML) is signed otherwise: the base64 HMAC with SHA-1 of the URL followed by each field's
name and value, sorted by name; of a form in a query (GET) that of the URL alone.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

Credentials = tuple[str, str]

SHA1_HEADER = "X-SignalWire-Signature"
SHA256_HEADER = "X-SignalWire-Sha256-Signature"


def signature_headers(key: str, url: str, body: bytes) -> dict[str, str]:
    """The headers that sign `body` for `url`. `url` may still hold credentials."""
    message = signed_url(url).encode() + body
    secret = key.encode()
    return {
        SHA1_HEADER: hmac.new(secret, message, hashlib.sha1).hexdigest(),
        SHA256_HEADER: hmac.new(secret, message, hashlib.sha256).hexdigest(),
    }


def form_signature_headers(key: str, url: str, body: bytes) -> dict[str, str]:
    """The header that signs a form. The SHA-256 one has no form of its own."""
    fields = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    message = signed_url(url) + "".join(name + value for name, value in fields)
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha1).digest()
    return {SHA1_HEADER: base64.b64encode(digest).decode()}


def signed_url(url: str) -> str:
    """The form of `url` that goes into the signature."""
    parts = urlsplit(strip_credentials(url)[0])
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def strip_credentials(url: str) -> tuple[str, Credentials | None]:
    """`https://user:password@host/` as the plain URL and (user, password), unquoted."""
    parts = urlsplit(url)
    userinfo, has_credentials, host = parts.netloc.rpartition("@")
    if not has_credentials:
        return url, None
    user, _, password = userinfo.partition(":")
    plain = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    return plain, (unquote(user), unquote(password))
