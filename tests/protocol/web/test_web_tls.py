"""The web server with a certificate: clients that trust it, and those that dawdle or lie."""

import contextlib
import json
import ssl

import gevent
import pytest
import trustme
from gevent import socket
from gevent.ssl import SSLContext

from adapter.config import Address, Deadlines, Settings
from adapter.web.app import create_app
from adapter.web.server import WebServer
from adapter.web.tls import Certificate, UnusableCertificateError, load

DEADLINE = 10  # seconds until a test gives up on the server
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class EmptyStore:
    def recording(self, recording_id):
        return None


@pytest.fixture
def ca():
    return trustme.CA()


@pytest.fixture
def issue(ca, tmp_path):
    """A function that writes a new certificate to the same two files."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"

    def issue(authority=None):
        made = (authority or ca).issue_cert("localhost")
        chain.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        made.private_key_pem.write_to_path(str(key))
        return chain, key

    return issue


@pytest.fixture
def start(issue, tmp_path):
    servers = []

    def start(**deadlines):
        settings = Settings(
            http=Address("127.0.0.1", 0),
            recordings_dir=tmp_path,
            deadlines=Deadlines(**deadlines),
        )
        app = create_app(settings, EmptyStore(), verify=lambda *_: False)
        server = WebServer(settings, app, certificate=Certificate(*issue()))
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(0)


def connect(server):
    return socket.create_connection((server.bound.host, server.bound.port), timeout=DEADLINE)


@contextlib.contextmanager
def secured(server, ca):
    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    with (
        contextlib.closing(connect(server)) as plain,
        contextlib.closing(context.wrap_socket(plain, server_hostname="localhost")) as client,
    ):
        yield client


def until_closed(client):
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def serial(server, ca):
    with secured(server, ca) as client:
        return client.getpeercert()["serialNumber"]


def test_a_client_that_trusts_the_ca_is_served(start, ca):
    with secured(start(), ca) as client:
        client.sendall(REQUEST)
        answer = until_closed(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "ok"}


def test_a_client_that_does_not_trust_the_ca_harms_nobody(start, ca):
    server = start()
    with pytest.raises(ssl.SSLCertVerificationError), secured(server, trustme.CA()):
        pass
    assert serial(server, ca)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
def test_a_handshake_that_does_not_go_on_is_cut_off(start, sent):
    with contextlib.closing(connect(start(http_request=0.1))) as client:
        client.sendall(sent)
        assert until_closed(client) == b""


def test_a_handshake_byte_by_byte_does_not_extend_the_time(start):
    with contextlib.closing(connect(start(http_request=0.2))) as client:
        dripping = gevent.spawn(drip, client)
        with gevent.Timeout(DEADLINE):
            until_closed(client)
        dripping.kill()


def drip(client):
    hello = b"\x16\x03\x01\x02\x00" + bytes(512)
    with contextlib.suppress(OSError):
        for byte in hello:
            client.sendall(bytes([byte]))
            gevent.sleep(0.05)


def test_plain_http_is_refused(start, ca):
    server = start()
    with contextlib.closing(connect(server)) as client:
        client.sendall(REQUEST)
        assert b"200" not in until_closed(client)
    assert serial(server, ca)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(start, ca):
    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with contextlib.closing(connect(start())) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_a_renewed_certificate_holds_for_new_connections(start, ca, issue):
    server = start()
    before = serial(server, ca)
    with secured(server, ca) as open_before:
        issue()
        server.certificate.reload()
        after = serial(server, ca)
        open_before.sendall(REQUEST)
        assert until_closed(open_before).startswith(b"HTTP/1.1 200")
    assert before != after


@pytest.mark.parametrize("broken", ["missing", "half", "other key"])
def test_a_renewal_that_failed_leaves_the_old_one_in_place(start, ca, issue, broken):
    server = start()
    before = serial(server, ca)
    chain, key = issue()
    match broken:
        case "missing":
            key.unlink()
        case "half":
            chain.write_bytes(chain.read_bytes()[:300])
        case _:
            old = key.read_bytes()
            issue()
            key.write_bytes(old)
    server.certificate.reload()
    assert serial(server, ca) == before


def test_stop_does_not_wait_for_idle_connections(start, ca):
    server = start()
    with secured(server, ca) as client:
        client.sendall(REQUEST.replace(b"Connection: close\r\n", b""))
        client.recv(65536)
        with gevent.Timeout(DEADLINE):
            server.stop(DEADLINE * 2)
        assert not until_closed(client).startswith(b"HTTP")


def test_a_key_with_a_password_is_refused_without_asking_for_it(issue):
    from cryptography.hazmat.primitives import serialization as pem

    chain, key = issue()
    loaded = pem.load_pem_private_key(key.read_bytes(), None)
    how = pem.BestAvailableEncryption(b"secret")
    form = (pem.Encoding.PEM, pem.PrivateFormat.PKCS8, how)
    key.write_bytes(loaded.private_bytes(*form))
    with pytest.raises(UnusableCertificateError, match="has a password"):
        load(chain, key)


def test_files_that_are_none_are_named(issue, tmp_path):
    chain, key = issue()
    with pytest.raises(UnusableCertificateError, match=r"nothing.pem cannot be read"):
        load(chain, tmp_path / "nothing.pem")
    with pytest.raises(UnusableCertificateError, match=r"no PEM certificate"):
        load(key, key)
