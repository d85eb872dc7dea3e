"""HTTP that leaves the house: which addresses documents, requests and callbacks may reach.

A URL in a document or from the switch is chosen by others.  What it must not reach is refused when
the connection is made, after DNS and for every address of the name, and the connection goes to the
very address that was checked.  So neither a redirect nor a name that changes its answer between
check and use gets around the rule.  TLS still verifies the certificate against the name.

Behind a proxy (`HTTPS_PROXY` and its kin) the proxy resolves names: then only addresses written in
the URL and the names below are refused here.
"""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from ssl import SSLContext
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from gevent.queue import LifoQueue
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context

Network = IPv4Network | IPv6Network
IPAddress = IPv4Address | IPv6Address

METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog"})
"""Names of the services in the refused networks, for when a proxy resolves them."""

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


class AddressRefused(Exception):
    """The URL leads to an address that the setting `deny_to` forbids."""

    def __init__(self, host: str, address: str) -> None:
        self.host = host
        self.address = address
        super().__init__(f"{host} is {address}, which the setting deny_to forbids to reach")


def is_denied(address: str, deny: Sequence[Network]) -> bool:
    """Whether an IP address is in one of the networks; ValueError when it is none."""
    meanings = _meanings(ip_address(address.partition("%")[0]))
    return any(meaning in network for meaning in meanings for network in deny)


def _meanings(address: IPAddress) -> Iterator[IPAddress]:
    """The address and the IPv4 addresses that an IPv6 address may stand for."""
    yield address
    if not isinstance(address, IPv6Address):
        return
    for embedded in (address.ipv4_mapped, address.sixtofour):
        if embedded is not None:
            yield embedded
    if address in NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def check_url(url: str, deny: Sequence[Network]) -> None:
    """Raise AddressRefused for what can be told from the URL alone."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if deny and host in METADATA_NAMES:
        raise AddressRefused(host, "a cloud's metadata service")
    try:
        denied = is_denied(host, deny)
    except ValueError:  # a name; its addresses are checked when we connect
        return
    if denied:
        raise AddressRefused(host, host)


class KeptConnectionClosed(ConnectionError):
    """The server closed a connection that had answered before, perhaps just as we sent."""


class _Checked:
    """Resolves, checks and connects in one step, and knows whether it has been used before."""

    deny: ClassVar[Sequence[Network]] = ()
    _has_answered = False

    # What urllib3's connections have.
    _dns_host: str
    host: str
    port: int
    timeout: Any
    source_address: Any
    socket_options: Any
    proxy: Any

    def getresponse(self) -> HTTPResponse:
        try:
            answer: HTTPResponse = super().getresponse()  # type: ignore[misc]
        except ConnectionError as error:
            if self._has_answered:
                raise KeptConnectionClosed from error
            raise
        self._has_answered = True
        return answer

    def _new_conn(self) -> socket.socket:
        self._has_answered = False
        if self.proxy is not None:  # the proxy is the operator's; it may be anywhere
            created: socket.socket = super()._new_conn()  # type: ignore[misc]
            return created
        error: OSError | None = None
        for address in self._addresses():
            try:
                return create_connection(
                    (address, self.port), self.timeout, self.source_address, self.socket_options
                )
            except OSError as failure:
                error = failure
        raise error or OSError(f"{self.host} has no address")

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if is_denied(address, self.deny):
                raise AddressRefused(self.host, address)
        return addresses


def _pools(deny: Sequence[Network]) -> dict[str, Any]:
    """urllib3's pools by scheme, with our connections and a queue that greenlets may share."""
    kinds = {
        "http": (HTTPConnectionPool, HTTPConnection),
        "https": (HTTPSConnectionPool, HTTPSConnection),
    }
    pools = {}
    for scheme, (pool, connection) in kinds.items():
        checked = type("CheckedConnection", (_Checked, connection), {"deny": tuple(deny)})
        pools[scheme] = type(
            "CheckedPool", (pool,), {"ConnectionCls": checked, "QueueCls": LifoQueue}
        )
    return pools


class CheckedAdapter(HTTPAdapter):
    """A `requests` transport that reaches no address in `deny`."""

    def __init__(self, deny: Sequence[Network], **options: Any) -> None:
        self._deny = deny
        self._pools = _pools(deny)
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy.startswith("https:"):
            options["proxy_ssl_context"] = self._tls
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> Any:
        host, tls = super().build_connection_pool_key_attributes(*args, **options)
        return host, tls | ({"ssl_context": self._tls} if host["scheme"] == "https" else {})

    def cert_verify(self, *_: Any) -> None:
        """Our context verifies: `requests` would load all authorities anew for each connection."""

    @cached_property
    def _tls(self) -> SSLContext:
        given = (os.environ[name] for name in CA_VARIABLES if os.environ.get(name))
        named = next(given, DEFAULT_CA_BUNDLE_PATH)
        context: SSLContext = create_urllib3_context()
        try:
            context.load_verify_locations(**{"capath" if Path(named).is_dir() else "cafile": named})
        except OSError as error:
            advice = f"{named} holds no certificates: name another file in {CA_VARIABLES[0]}"
            raise OSError(error.errno, advice) from error
        return context

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        check_url(request.url or "", self._deny)
        return super().send(request, *args, **options)


def session(deny: Sequence[Network], **options: Any) -> requests.Session:
    """A session for URLs of others: no addresses in `deny`, no cookies, no `.netrc`.

    `options` go to `requests.adapters.HTTPAdapter` (pool sizes).  Proxies have to be given for each
    request, see `proxies_for`.  TLS trusts what the first of CA_VARIABLES names, or certifi's list.
    """
    made = requests.Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = CheckedAdapter(deny, **options)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def proxies_for(url: str) -> dict[str, str]:
    """The proxies that the environment names for `url`."""
    return dict(requests.utils.get_environ_proxies(url))


def send(
    session: requests.Session,
    request: requests.PreparedRequest,
    *,
    timeout: tuple[float, float],
    proxies: Mapping[str, str],
) -> requests.Response:
    """Send it once, following no redirect; the answer's body is still to be read.

    `timeout` is for the connection and for each wait for bytes.  A kept connection that the server
    has closed says nothing about the server: then it is sent on another one.
    """
    # `session.send` would read the whole body of a redirect, however long it is.
    adapter = session.get_adapter(request.url or "")
    transmit = partial(adapter.send, request, stream=True, timeout=timeout, proxies=proxies)
    try:
        return transmit()
    except requests.ConnectionError as error:
        if not any(isinstance(one, KeptConnectionClosed) for one in _causes(error)):
            raise
        return transmit()


def cause(error: BaseException) -> str:
    """The word of the system or the library for it; the error's own text may hold the whole URL."""
    causes = list(_causes(error))
    named = (str(one.strerror) for one in causes if isinstance(one, OSError) and one.strerror)
    return next(named, str(causes[-1])) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
