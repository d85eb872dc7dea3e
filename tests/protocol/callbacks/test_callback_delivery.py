"""What a receiver gets, and what each of its answers leads to."""

import base64
from dataclasses import replace
from ipaddress import ip_network

import gevent
import pytest
from callback_receiver import answer, cut, drip, raw
from gevent.event import Event

from adapter import __version__
from adapter.callbacks.retry import RetryPolicy
from adapter.callbacks.sender import SenderSettings
from adapter.callbacks.signing import signature_headers


def test_request_is_complete_and_signed_as_the_receiver_sees_it(
    receiver, sender, put, settled
) -> None:
    callback = put(f"http://user:p%40ss@127.0.0.1:{receiver.port}/status?x=a b", 7)
    (request,) = receiver.wait_for(1)
    assert (request.method, request.target) == ("POST", "/status?x=a%20b")
    assert request.body == callback.body == b'{"n":7}'
    headers = request.headers
    assert headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == callback.id
    assert headers["user-agent"] == f"swml-freeswitch/{__version__}"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"user:p@ss").decode()
    seen = f"http://{headers['host']}{request.target}"
    for name, value in signature_headers("PSK_test", seen, request.body).items():
        assert headers[name.lower()] == value
    done = settled(callback, "delivered")
    assert (done.attempts, done.last_status, done.last_error) == (1, 200, None)
    assert done.claimed_by is None


def test_project_without_a_key_is_not_signed(receiver, make_sender, put) -> None:
    make_sender(keys={"project-1": None})
    put(receiver.url)
    (request,) = receiver.wait_for(1)
    assert not [name for name in request.headers if "signature" in name]


@pytest.mark.parametrize(
    "failure",
    [answer(500), answer(503, Retry_After="0"), answer(408), answer(425), answer(429), cut],
    ids=["500", "503", "408", "425", "429", "cut after the body"],
)
def test_failure_that_may_pass_is_retried_with_the_same_bytes(
    receiver, sender, put, settled, failure
) -> None:
    receiver.behave(failure, failure, answer())
    callback = put(receiver.url)
    done = settled(callback, "delivered")
    assert done.attempts == 3
    first, *others = receiver.wait_for(3)
    for other in others:
        assert (other.key, other.body, other.target) == (first.key, first.body, first.target)
        assert other.headers == first.headers


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_failure_that_stays_is_final_and_lets_the_next_go(
    receiver, sender, put, settled, status
) -> None:
    receiver.behave(answer(status), answer())
    first, second = put(receiver.url, 1), put(receiver.url, 2)
    assert settled(second, "delivered").attempts == 1
    failed = settled(first, "failed")
    assert (failed.attempts, failed.last_status) == (1, status)
    assert failed.last_error == f"answered {status} Because"
    assert failed.finished_at is not None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(receiver, make_receiver, sender, put, settled, status) -> None:
    elsewhere = make_receiver()
    receiver.behave(answer(status, Location=f"{elsewhere.url}/secret"))
    failed = settled(put(receiver.url), "failed")
    assert "name the final address" in failed.last_error
    assert elsewhere.requests == []


def test_retry_after_in_seconds_is_honoured(receiver, sender, put, settled) -> None:
    receiver.behave(answer(429, Retry_After="1"), answer())
    callback = put(receiver.url)
    first, second = receiver.wait_for(2)
    assert second.at - first.at >= 1.0
    assert settled(callback, "delivered").attempts == 2


def test_silent_receiver_is_given_up_in_time_and_retried(
    receiver, make_sender, put, settled, impatient
) -> None:
    make_sender(settings=impatient)
    receiver.behave(receiver.silent, answer())
    assert settled(put(receiver.url), "delivered").attempts == 2


def test_answer_that_drips_cannot_outlast_the_total_time(
    receiver, make_sender, put, settled, impatient
) -> None:
    make_sender(settings=impatient)
    receiver.behave(drip(b"HTTP/1.1 200 OK\r\nX-Slow: "))
    assert settled(put(receiver.url), attempts=1).last_error == "timed out"


def test_answer_to_a_hundred_continues_is_not_waited_for(
    receiver, make_sender, put, settled, impatient
) -> None:
    def continues(_request, connection) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            gevent.sleep(0.01)

    make_sender(settings=impatient)
    receiver.behave(continues, answer())
    assert settled(put(receiver.url), "delivered").attempts == 2


@pytest.mark.parametrize(
    "behaviour",
    [
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000, 0.0),
        raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        raw(b"HTTP/1.0 200 OK\r\n\r\n"),
    ],
    ids=["endless", "short", "huge", "continue", "chunked", "bad chunk", "1.0"],
)
def test_success_stands_whatever_follows_its_head(
    receiver, make_sender, put, settled, impatient, behaviour
) -> None:
    make_sender(settings=impatient)
    receiver.behave(behaviour)
    assert settled(put(receiver.url), "delivered").attempts == 1
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000,
    ],
    ids=["other protocol", "no status", "too many headers", "too long"],
)
def test_nonsense_is_retried(receiver, sender, put, settled, nonsense) -> None:
    def speak(_request, connection) -> None:
        connection.sendall(nonsense)
        connection.close()

    receiver.behave(raw(nonsense), answer())
    done = settled(put(receiver.url), "delivered")
    assert done.attempts == 2


def test_reason_phrase_is_kept_short_and_printable(receiver, sender, put, settled) -> None:
    receiver.behave(raw(b"HTTP/1.1 404 \x1b[31m" + b"x" * 500 + b"\r\nContent-Length: 0\r\n\r\n"))
    failed = settled(put(receiver.url), "failed")
    assert failed.last_error.isprintable()
    assert len(failed.last_error) < 250


def test_receiver_that_is_down_gets_it_once_it_is_up(make_receiver, sender, put, settled) -> None:
    receiver = make_receiver(listening=False)
    callback = put(receiver.url)
    waiting = settled(callback, attempts=3)
    assert "refused" in waiting.last_error
    receiver.listen()
    assert settled(callback, "delivered").attempts > 3
    assert len(receiver.requests) == 1


def test_given_up_after_its_time_and_kept_with_the_reason(
    make_receiver, make_sender, put, settled, quick, store
) -> None:
    policy = RetryPolicy(first_retry=0.02, max_retry=0.05, give_up=2.0)
    make_sender(settings=SenderSettings(retry=policy, timeouts=quick.timeouts))
    failed = settled(put(make_receiver(listening=False).url), "failed")
    assert failed.attempts > 1
    assert failed.last_error.startswith(f"given up after {failed.attempts} attempts")
    assert "refused" in failed.last_error
    assert store.outbox_counts().failed == 1


def test_large_body_arrives_whole(receiver, sender, put, settled) -> None:
    callback = put(receiver.url, text="x" * 1_000_000)
    settled(callback, "delivered")
    assert receiver.requests[0].body == callback.body


def test_connections_are_kept(receiver, sender, put) -> None:
    for number in range(10):
        put(receiver.url, number)
    requests = receiver.wait_for(10)
    assert {request.connection for request in requests} == {1}


def test_connection_that_was_dropped_meanwhile_costs_no_attempt(
    receiver, sender, put, settled
) -> None:
    def answer_and_leave(request, connection) -> None:
        answer()(request, connection)
        cut(request, connection)

    receiver.behave(answer_and_leave)
    callbacks = [put(receiver.url, number) for number in range(5)]
    for callback in callbacks:
        assert settled(callback, "delivered").attempts == 1
    assert [request.number for request in receiver.requests] == [0, 1, 2, 3, 4]


def test_connection_that_is_cut_under_a_request_costs_no_attempt(
    receiver, sender, put, settled
) -> None:
    receiver.behave(answer(), cut, answer())
    settled(put(receiver.url, 1), "delivered")
    assert settled(put(receiver.url, 2), "delivered").attempts == 1
    assert [request.connection for request in receiver.requests] == [1, 1, 2]


def test_connection_that_the_receiver_will_close_is_not_kept(
    receiver, sender, put, settled
) -> None:
    receiver.behave(answer(Connection="close"))
    settled(put(receiver.url, 1), "delivered")
    settled(put(receiver.url, 2), "delivered")
    assert [request.connection for request in receiver.requests] == [1, 2]


def test_answer_nobody_asked_for_is_not_taken_for_the_next(receiver, sender, put, settled) -> None:
    first_is_done, extra_is_sent = Event(), Event()

    def answer_twice(request, connection) -> None:
        answer()(request, connection)
        first_is_done.wait()
        answer()(request, connection)
        extra_is_sent.set()

    receiver.behave(answer_twice, answer(500), answer())
    settled(put(receiver.url, 1), "delivered")
    first_is_done.set()
    extra_is_sent.wait()
    assert settled(put(receiver.url, 2), "delivered").attempts == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_denied_address_is_final_and_not_connected_to(
    receiver, make_sender, put, settled, quick, host
) -> None:
    make_sender(settings=replace(quick, deny=[ip_network("127.0.0.0/8"), ip_network("::1")]))
    refused = settled(put(f"http://{host}:{receiver.port}/"), "failed")
    assert refused.attempts == 1
    assert "deny_to forbids" in refused.last_error
    assert receiver.requests == []


def test_no_error_tells_credentials(make_receiver, sender, put, settled) -> None:
    port = make_receiver(listening=False).port
    waiting = settled(put(f"http://user:hunter2@127.0.0.1:{port}/?key=hunter2"), attempts=1)
    assert waiting.last_error == "Connection refused"


def test_name_is_looked_up(receiver, sender, put, settled) -> None:
    settled(put(f"http://localhost:{receiver.port}/"), "delivered")
    (request,) = receiver.requests
    assert request.headers["host"] == f"localhost:{receiver.port}"


def test_name_that_does_not_exist_is_retried(sender, put, settled) -> None:
    waiting = settled(put("http://no-such-host.invalid/"), attempts=1)
    assert waiting.state == "pending"


def test_https(make_receiver, make_sender, put, settled, certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    receiver = make_receiver(tls=certificate)
    make_sender()
    for number in range(3):
        settled(put(receiver.url, number), "delivered")
    assert {request.connection for request in receiver.requests} == {1}


def test_certificate_that_is_not_trusted_is_refused(
    make_receiver, make_sender, put, settled, certificate, monkeypatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    receiver = make_receiver(tls=certificate)
    make_sender()
    waiting = settled(put(receiver.url), attempts=1)
    assert "certificate" in waiting.last_error.lower()
    assert receiver.requests == []


def test_handshake_that_never_ends_is_given_up(
    make_receiver, make_sender, put, settled, impatient
) -> None:
    make_sender(settings=impatient)
    receiver = make_receiver(listening=False)
    receiver._listener.listen()
    waiting = settled(put(f"https://127.0.0.1:{receiver.port}/"), attempts=1)
    assert waiting.last_error == "timed out"


def test_proxy_from_the_environment(
    receiver, make_receiver, make_sender, put, settled, monkeypatch
) -> None:
    proxy = make_receiver()
    monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{proxy.port}")
    make_sender()
    settled(put("http://receiver.invalid/status?x=1"), "delivered")
    (request,) = proxy.requests
    assert request.target == "http://receiver.invalid/status?x=1"
    assert request.headers["host"] == "receiver.invalid"
    assert request.headers["proxy-authorization"] == "Basic bWU6d29yZA=="


def test_proxy_is_not_used_for_exceptions(
    receiver, make_receiver, make_sender, put, settled, monkeypatch
) -> None:
    proxy = make_receiver()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    make_sender()
    settled(put(receiver.url), "delivered")
    assert proxy.requests == []


def test_tunnel_through_a_proxy(
    make_receiver, make_sender, put, settled, certificate, monkeypatch
) -> None:
    receiver = make_receiver(tls=certificate)
    proxy = make_receiver()

    def tunnel(_request, connection) -> None:
        with gevent.socket.create_connection(("127.0.0.1", receiver.port)) as far:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = gevent.spawn(pump, far, connection)
            pump(connection, far)
            back.kill()

    def pump(source, target) -> None:
        while data := source.recv(65536):
            target.sendall(data)

    proxy.behave(tunnel)
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    make_sender()
    settled(put(f"https://localhost:{receiver.port}/status"), "delivered")
    assert proxy.requests[0].method == "CONNECT"
    assert proxy.requests[0].target == f"localhost:{receiver.port}"
    assert receiver.requests[0].target == "/status"
