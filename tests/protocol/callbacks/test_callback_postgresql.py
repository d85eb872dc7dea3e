"""A sender whose PostgreSQL goes away and comes back."""

import pytest
from postgresql import Cluster


@pytest.fixture
def address(cluster: Cluster) -> str:
    return cluster.emptied()


def test_delivery_goes_on_when_the_database_was_restarted(
    make_receiver, sender, put, settled, cluster
) -> None:
    receiver = make_receiver(listening=False)
    callbacks = [put(receiver.url, number, stream=f"s-{number}") for number in range(5)]
    settled(callbacks[0], attempts=1)
    cluster.stop("fast")
    cluster.start()
    receiver.listen()
    for callback in callbacks:
        settled(callback, "delivered")
    assert {request.number for request in receiver.requests} == set(range(5))


def test_outcome_that_the_database_missed_is_not_lost(
    receiver, make_sender, put, settled, cluster, store
) -> None:
    first = make_sender()

    def answer_without_database(request, connection) -> None:
        cluster.stop("fast")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    receiver.behave(answer_without_database, *receiver.behaviours)
    callback = put(receiver.url)
    receiver.wait_for(1)
    first.stop(1)
    cluster.start()
    make_sender()
    settled(callback, "delivered")
    assert {request.key for request in receiver.requests} == {callback.id}
