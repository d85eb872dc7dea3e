"""What one value of the settings must satisfy: addresses, URLs, secrets, names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr

LINK_SECRET_LENGTH = 16  # shorter ones can be guessed by trying
SIGNING_KEY_LENGTH = 8
TOPIC = r"[\w.:/@+-]{1,256}"
"""A RELAY topic: nothing in it is an expression of a document."""

DATABASES = ("sqlite:////", "postgresql://", "postgresql+psycopg://", "postgres://")

GATEWAY = re.compile(
    r"[A-Za-z0-9_.\-]+"
    r"|[a-z]+/[A-Za-z0-9_./@:;=+%*#-]*\{number\}[A-Za-z0-9_./@:;=+%*#-]*"
)


HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
RESOURCE = re.compile(r"(/[A-Za-z0-9_.~@+-]+)+")
TARGET = re.compile(r"\+?[0-9]{1,32}|sips?:\S+|queue:\S.*|stream:wss?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port` or `[v6]:port`; ValueError when it is neither."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not host or not port.isascii() or not port.isdigit():
            raise ValueError("is not host:port")
        if (":" in host and not bracketed) or int(port) > 65535:
            raise ValueError("is not host:port")
        return cls(host[1:-1] if bracketed else host, int(port))

    @property
    def everywhere(self) -> bool:
        """Whether it stands for every address of this machine."""
        try:
            return ip_address(self.host).is_unspecified
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _address(value: object) -> object:
    return Address.parse(value) if isinstance(value, str) else value


def _web_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an http or https URL")
    return value


def _gateway(value: str) -> str:
    if not GATEWAY.fullmatch(value):
        raise ValueError("is neither a gateway's name nor an endpoint with {number} in it")
    return value


def _switch(value: str) -> str:
    if GATEWAY.fullmatch(value) and "{number}" in value:
        return value
    try:
        address = Address.parse(value)
    except ValueError:
        raise ValueError("is neither host:port nor an endpoint with {number} in it") from None
    if not HOST.fullmatch(address.host) or address.port == 0:
        raise ValueError("is not a host and a port to call")
    return str(address)


def _resource(value: str) -> str:
    if not RESOURCE.fullmatch(value):
        raise ValueError("is no address such as /public/sales")
    return value


def _target(value: object) -> object:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and not TARGET.fullmatch(text):
        raise ValueError("is no number, sip:, queue: or stream: address")
    return text


def _public_url(value: str) -> str:
    parts = urlsplit(_web_url(value))
    if parts.query or parts.fragment or parts.username:
        raise ValueError("must have no query, fragment or credentials: paths are added to it")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(DATABASES):
        raise ValueError("is neither sqlite:////path/adapter.db nor postgresql://user@host/name")
    return value


def _source(value: str) -> str:
    scheme, separator, _ = value.partition("://")
    if separator and scheme not in {"http", "https", "file"}:
        raise ValueError(f"has the scheme {scheme!r}, which no document can be fetched from")
    return _web_url(value) if scheme in {"http", "https"} and separator else value


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return value


def _topic(value: str) -> str:
    if not re.fullmatch(TOPIC, value):
        raise ValueError(f"is no topic: it may have {TOPIC}")
    return value


def _network(value: object) -> object:
    return ip_network(value) if isinstance(value, str) else value


def _secret(length: int) -> Callable[[SecretStr], SecretStr]:
    def check(value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < length:
            raise ValueError(f"is shorter than {length} characters")
        return value

    return check


AddressField = Annotated[Address, BeforeValidator(_address), PlainSerializer(str)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
DocumentSource = Annotated[str, AfterValidator(_source)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(gt=0, le=65535)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
LinkSecret = Annotated[SecretStr, AfterValidator(_secret(LINK_SECRET_LENGTH))]
SigningKey = Annotated[SecretStr, AfterValidator(_secret(SIGNING_KEY_LENGTH))]
Gateway = Annotated[str, AfterValidator(_gateway)]
SwitchPlace = Annotated[str, AfterValidator(_switch)]
ResourceAddress = Annotated[str, AfterValidator(_resource)]
ResourceTarget = Annotated[str, BeforeValidator(_target)]
Regex = Annotated[str, AfterValidator(_regex)]
Topic = Annotated[str, AfterValidator(_topic)]
