"""The settings: their names, types, defaults and meanings.

Every field is described here once; the example file and the error messages are checked against
these models.  What one value alone must satisfy is said in `values`, what two values must agree on
is in `checks`, where the values come from is in `load`.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ByteSize, Field, SecretStr, model_validator

from adapter.config.media import Fax, Recogniser, Sms, Speech
from adapter.config.section import Count, Seconds, Section, ShortWord, Size
from adapter.config.values import (
    Address,
    AddressField,
    DatabaseUrl,
    Days,
    DocumentSource,
    Gateway,
    LinkSecret,
    Network,
    Port,
    PublicUrl,
    Regex,
    ResourceAddress,
    ResourceTarget,
    SigningKey,
    SwitchPlace,
    Topic,
    WebUrl,
)

NIL_ID = "00000000-0000-0000-0000-000000000000"
MEBIBYTE = 1024 * 1024

# Nobody serves documents there, but cloud hosts hand out their credentials to whoever asks.
METADATA_NETWORKS = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"]


class Route(Section):
    """Which document a call gets: matched by `path` or by `to`, found at `swml` or in `folder`.

    With `relay` it gets none: it is offered to the RELAY clients that want this topic's calls.
    """

    path: str | None = Field(
        None,
        description="path of the socket application, `sales` in `socket 127.0.0.1:8084/sales`;"
        " a `*` at the end stands for any rest",
    )
    to: Regex | None = Field(
        None, description="regular expression searched in the destination number"
    )
    swml: DocumentSource | None = Field(None, description="URL or file of the document")
    folder: Path | None = Field(
        None, description="folder of documents; what the `*` of `path` stood for names the file"
    )
    relay: Topic | None = Field(
        None, description="topic (context) of the RELAY clients that are offered these calls"
    )
    fallback: DocumentSource | None = Field(
        None,
        description="URL or file to use when the document cannot be had, or no client takes the"
        " call",
    )
    project: str | None = Field(None, description="id of the project that these calls belong to")

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        if (self.path is None) == (self.to is None):
            raise ValueError("needs exactly one of path and to")
        if sum(one is not None for one in (self.swml, self.folder, self.relay)) != 1:
            raise ValueError("needs exactly one of swml, folder and relay")
        if self.folder is not None and not (self.path or "").endswith("*"):
            raise ValueError("has a folder, so its path must end in *: the rest names the file")
        if self.path and "*" in self.path[:-1]:
            raise ValueError("has a * that is not at the end of its path")
        return self


class Project(Section):
    """One owner of calls, recordings and keys."""

    id: str = Field(NIL_ID, min_length=1, description="`project_id` in payloads, user name in REST")
    token: SigningKey | None = Field(
        None, description="password of the project for the REST commands"
    )
    space_id: str = Field(NIL_ID, min_length=1, description="`space_id` in payloads")
    signing_key: SigningKey | None = Field(
        None, description="key of X-SignalWire-Signature; without it nothing is signed"
    )
    envs: dict[str, Any] = Field({}, description="`envs` of the project's documents")


class Node(Section):
    """A switch that we connect to (mod_event_socket's inbound port)."""

    host: str = Field("127.0.0.1", min_length=1, description="name or address of the switch")
    port: Port = Field(8021, description="its event socket port")
    password: SecretStr = Field(description="its event socket password")
    adapter: AddressField | None = Field(
        None,
        description="where this switch finds `listen`, for calls that we make; if not set, there,"
        " or by the address from which we have reached the switch",
    )


class SwitchNamed(Section):
    """A switch as the others call it."""

    name: ShortWord = Field(description="its name, as `switchname` in fs_cli says it")
    address: SwitchPlace = Field(
        description="`host:port` of its SIP profile, or a whole endpoint of a dial string with"
        " `{number}` in it"
    )


class Callbacks(Section):
    """How status callbacks are delivered; times in seconds."""

    first_retry: Seconds = Field(1, description="pause after the first failure")
    factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        2, description="by which each pause is longer than the one before"
    )
    max_retry: Seconds = Field(300, description="longest pause")
    give_up: Seconds = Field(86400, description="age at which a callback counts as failed")
    connect_timeout: Seconds = Field(5, description="for the connection")
    read_timeout: Seconds = Field(10, description="for each wait for the answer")
    total_timeout: Seconds = Field(30, description="for one attempt")
    per_host: Count = Field(10, description="deliveries to one host at the same time")


class Resource(Section):
    """What a resource address stands for where a call goes to it."""

    address: ResourceAddress = Field(description="the address, such as /public/sales")
    to: ResourceTarget = Field(description="a number, `sip:`, `queue:` or `stream:` address")


class Documents(Section):
    """How documents are fetched; times in seconds."""

    connect_timeout: Seconds = Field(2, description="for the connection")
    read_timeout: Seconds = Field(5, description="for each wait for the answer")
    total_timeout: Seconds = Field(15, description="for one fetch with all its redirects")
    max_bytes: Count = Field(10 * MEBIBYTE, description="largest document")
    max_redirects: int = Field(5, ge=0, description="redirects that are followed")
    folder: Path | None = Field(
        None,
        description="folder whose documents may be named as `file:NAME` by documents, commands and"
        " the channel variable swml_url; without it nobody but the settings names a file",
    )


class Keep(Section):
    """How long files are kept, and how much of them; without a value for ever."""

    days: Days | None = Field(None, description="days after its end that a recording is kept")
    bytes: Size | None = Field(
        None, description="bytes (or `500GB`) of recordings that are kept; the oldest go first"
    )


class KeepByFormat(Section):
    """What holds for the recordings of one format."""

    wav: Keep = Field(Keep(), description="for wav")
    mp3: Keep = Field(Keep(), description="for mp3")
    mp4: Keep = Field(Keep(), description="for mp4")
    pdf: Keep = Field(Keep(), description="for faxes")
    tiff: Keep = Field(Keep(), description="for faxes that could not be made a pdf")


class Relay(Section):
    """Calls that RELAY clients are offered; times in seconds."""

    timeout: Seconds = Field(30, description="for some client to take the call")
    turn: Seconds = Field(5, description="for one client, before the next one is offered it too")
    abandoned: Seconds = Field(
        300, description="without any client of the call before its fallback follows, or its end"
    )


class Retention(Keep):
    """Which recordings are deleted by themselves, and when the store forgets what is over."""

    by_format: KeepByFormat = Field(
        KeepByFormat(),
        description="for one format: `days` in place of those above, `bytes` as a limit of its own",
    )
    keep_rows_days: Days | None = Field(
        None, description="days after its deletion that a recording is known (410 and not 404)"
    )
    keep_history_days: Days = Field(
        7, description="days that delivered callbacks and where ended calls stood are known"
    )
    keep_call_logs_days: Days = Field(
        30, description="days that calls, and what happened in them, are in the call log"
    )


class Deadlines(Section):
    """The longest waits, in seconds."""

    connect: Seconds = Field(5, description="for the switch's first answer on a new connection")
    command: Seconds = Field(5, description="for the switch's answer to a command")
    drain: Seconds = Field(30, description="for running calls when the adapter is told to stop")
    store: Seconds = Field(5, description="for a write to the database")
    http_request: Seconds = Field(10, description="for a client to send its request")
    http_idle: Seconds = Field(30, description="for the next request on an open connection")
    http_write: Seconds = Field(30, description="for a client to take the next piece of an answer")


class Limits(Section):
    """How much is accepted before it is refused."""

    calls: Count = Field(2000, description="calls at the same time, of all workers")
    calls_per_peer: Count | None = Field(
        None,
        description="calls of one SIP address at the same time, of all workers; off if not set",
    )
    header_bytes: Count = Field(256 * 1024, description="headers of one event socket frame")
    body_bytes: Count = Field(16 * MEBIBYTE, description="body of one event socket frame")
    http_connections: Count = Field(256, description="web connections at the same time")
    http_header_bytes: Count = Field(32 * 1024, description="headers of a web request")
    http_body_bytes: Count = Field(1 * MEBIBYTE, description="body of a web request")


class Script(Section):
    """How much one call's script may do before it is stopped."""

    transfers: Count = Field(32, description="transfers and executes of URLs in one call")
    jumps: Count = Field(100, description="the most that `goto.max` can ask for")
    depth: Count = Field(100, description="executes inside executes")
    steps: Count = Field(100_000, description="steps in one call")


class Log(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level")
    format: Literal["json", "console"] = Field(
        "json", description="one JSON object a line, or text"
    )


class SettingsModel(Section):
    """Everything that can be set."""

    listen: AddressField = Field(
        Address("127.0.0.1", 8084), description="where the switch's `socket` application finds us"
    )
    http: AddressField = Field(
        Address("127.0.0.1", 8085), description="where downloads, health and metrics are served"
    )
    tls_cert: Path | None = Field(
        None, description="PEM file of the certificate with its chain: `http` then speaks TLS"
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's key")
    public_url: PublicUrl = Field(
        default_factory=lambda data: _scheme(data["tls_cert"]) + str(data["http"]),
        description="how others reach `http`; recording URLs begin with it",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path.cwd() / "data", description="folder of what the adapter keeps"
    )
    database_url: DatabaseUrl = Field(
        default_factory=lambda data: SecretStr(f"sqlite:///{data['data_dir'] / 'adapter.db'}"),
        description="the database: SQLite in a file, or PostgreSQL",
    )
    recordings_dir: Path = Field(
        default_factory=lambda data: data["data_dir"] / "recordings",
        description="folder of the recordings, as we see it",
    )
    recordings_switch_dir: str = Field(
        default_factory=lambda data: str(data["recordings_dir"]),
        description="the same folder as the switch sees it",
    )
    swml: DocumentSource | None = Field(None, description="URL or file of the document")
    fallback: DocumentSource | None = Field(
        None, description="URL or file to use when the document cannot be had"
    )
    routes: list[Route] = Field([], description="documents by path or number; the first match wins")
    projects: list[Project] = Field(
        [Project()], min_length=1, description="owners of calls; the first is the default"
    )
    nodes: list[Node] = Field([], description="switches that we connect to")
    link_secret: LinkSecret | None = Field(
        None, description="signs recording URLs; without it every URL is open"
    )
    link_expires: Seconds = Field(
        604800, description="seconds after a recording's end that a signed URL works"
    )
    callbacks: Callbacks = Field(Callbacks(), description="delivery of status callbacks")
    documents: Documents = Field(Documents(), description="fetching of documents")
    relay: Relay = Field(Relay(), description="calls for RELAY clients")
    retention: Retention = Field(Retention(), description="what is deleted by itself")
    jitter_buffer_ms: int = Field(
        60, ge=0, le=1000, description="jitter buffer of a call that is recorded; 0 leaves it alone"
    )
    sip_profile: ShortWord = Field("internal", description="SIP profile that calls go out by")
    gateway: Gateway | None = Field(
        None,
        description="gateway that calls to numbers go out by: its name, or a whole endpoint of a"
        " dial string with `{number}` in it",
    )
    switches: list[SwitchNamed] = Field(
        [], description="how your switches call each other, for queues whose calls wait on several"
    )
    resources: list[Resource] = Field(
        [], description="what addresses such as `/public/sales` stand for; the last of one counts"
    )
    conference_profile: ShortWord = Field(
        "default", description="profile of the switch's conference.conf.xml for conferences"
    )
    allow_from: list[Network] = Field(
        [IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")],
        min_length=1,
        description="networks of the switches that may connect to `listen`",
    )
    deny_to: list[Network] = Field(
        [ip_network(network) for network in METADATA_NETWORKS],
        description="networks that documents, requests and callbacks never reach",
    )
    freeswitch_image: str = Field(
        "safarov/freeswitch:latest", min_length=1, description="FreeSWITCH for tests in Docker"
    )
    deadlines: Deadlines = Field(Deadlines(), description="longest waits")
    limits: Limits = Field(Limits(), description="what is refused beyond")
    script: Script = Field(Script(), description="limits of a call's script")
    script_status_url: WebUrl | None = Field(
        None, description="where warnings about running scripts are POSTed"
    )
    log: Log = Field(Log(), description="what is logged")
    speech: Speech = Field(Speech(), description="who speaks `say:` texts")
    recogniser: Recogniser = Field(Recogniser(), description="who recognises speech")
    fax: Fax = Field(Fax(), description="how faxes are sent and received")
    sms: Sms = Field(Sms(), description="who sends the messages of `send_sms`")
    sounds_max_bytes: Size = Field(
        ByteSize(1024 * MEBIBYTE),
        description="fetched and rendered sounds that are kept; the longest unused go first",
    )
    helpers: Count = Field(
        2, description="processes for heavy work (speech, volume); they start when needed"
    )

    @property
    def addresses(self) -> dict[str, str]:
        """Whom each resource address stands for."""
        return {resource.address: resource.to for resource in self.resources}

    @property
    def default_project(self) -> Project:
        return self.projects[0]

    def project(self, project_id: str) -> Project | None:
        return next((project for project in self.projects if project.id == project_id), None)

    def bound(self, *, listen: Address, http: Address) -> Self:
        """The settings with the ports that the system chose; a derived `public_url` follows."""
        update: dict[str, Any] = {"listen": listen, "http": http}
        if "public_url" not in self.model_fields_set:
            update["public_url"] = _scheme(self.tls_cert) + str(http)
        return self.model_copy(update=update)


def _scheme(tls_cert: Path | None) -> str:
    return "https://" if tls_cert else "http://"
