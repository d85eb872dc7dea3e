import pytest
from scripted_switch import connected


@pytest.fixture
def link():
    """Our socket, and the scripted switch at its other end."""
    with connected() as ends:
        yield ends
