import pytest
from scripted_switch import connected
from subjects import ConnectionSubject, opened

from adapter.freeswitch.call import Call


@pytest.fixture
def link():
    """Our socket, and the scripted switch at its other end."""
    with connected() as ends:
        yield ends


@pytest.fixture
def connection(link):
    """A connection, and its switch."""
    sock, switch = link
    subject = ConnectionSubject(sock)
    yield subject, switch
    subject.connection.stop()


@pytest.fixture
def fresh(link):
    """A call that nobody has taken over yet, and its switch."""
    sock, switch = link
    call = Call(sock)
    yield call, switch
    call.close()


@pytest.fixture
def taken(fresh):
    """A call that was taken over, and its switch."""
    opened(*fresh)
    return fresh
