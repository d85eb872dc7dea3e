"""What the settings say is what the sender does."""

from ipaddress import ip_network

from adapter import parts
from adapter.callbacks.retry import RetryPolicy
from adapter.callbacks.transport import Timeouts
from adapter.config import Settings
from adapter.store.store import Store


def test_settings_reach_the_sender(tmp_path) -> None:
    settings = Settings(
        callbacks={
            "first_retry": 1,
            "factor": 2,
            "max_retry": 3,
            "give_up": 4,
            "connect_timeout": 5,
            "read_timeout": 6,
            "total_timeout": 70,
            "per_host": 8,
        },
        deny_to=["10.0.0.0/8"],
        projects=[{"id": "p", "signing_key": "PSK_example"}],
    )
    store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    try:
        sender = parts.sender(settings, store, "A")
    finally:
        store.close()
    how = sender._settings
    assert how.retry == RetryPolicy(first_retry=1, factor=2, max_retry=3, give_up=4)
    assert how.timeouts == Timeouts(connect=5, read=6, total=70)
    assert how.limits.per_receiver == 8
    assert how.deny == [ip_network("10.0.0.0/8")]
    assert how.lease > 70
    assert sender._keys == {"p": "PSK_example"}
