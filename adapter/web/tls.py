"""TLS on the HTTP port: a certificate and its key, which may be replaced while the adapter runs.

A new certificate holds for new connections; running ones go on with the one they began with. A
certificate that cannot be used leaves the old one in place: a renewal that failed halfway must not
close the port.
"""

import ssl
from pathlib import Path

import structlog
from gevent.ssl import SSLContext

log = structlog.get_logger()


class UnusableCertificateError(ValueError):
    """The files are no certificate and key that belong together; the text says what to do."""


class Certificate:
    """A certificate chain and its key, from two PEM files; raises UnusableCertificateError."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self.context = load(chain, key)

    def reload(self) -> None:
        """Read the files again; what is wrong with them is logged."""
        try:
            self.context = load(self._chain, self._key)
        except UnusableCertificateError as error:
            log.error("the certificate stays as it was", reason=str(error))  # noqa: TRY400
        else:
            log.info("certificate read again", path=str(self._chain))


def load(chain: Path, key: Path) -> SSLContext:
    """What connections are secured with: TLS 1.2 or newer. Raises UnusableCertificateError."""
    context = SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for path in (chain, key):
        _require_readable(path)
    try:
        # A key with a password would otherwise ask for it on the terminal.
        context.load_cert_chain(chain, key, password=_no_password)
    except _KeyHasPasswordError:
        raise UnusableCertificateError(
            f"{key} has a password: remove it with `openssl pkey -in {key}`"
        ) from None
    except (ssl.SSLError, ValueError) as error:
        raise UnusableCertificateError(
            f"{chain} and {key} are no PEM certificate (with its chain) and the key that belongs"
            f" to it: {error}"
        ) from None
    return context


def _require_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise UnusableCertificateError(f"{path} cannot be read: {error.strerror}") from None


class _KeyHasPasswordError(Exception):
    pass


def _no_password() -> str:
    raise _KeyHasPasswordError
