"""One caller has so many calls, a refused one gets a cause, one that comes back is let in."""

from prometheus_client import REGISTRY

from adapter.admission import REFUSAL_CAUSE, Admission


class FakeCall:
    def __init__(self, address: str) -> None:
        self.uuid = "u"
        self.channel = {"Caller-Network-Addr": address}
        self.cause = ""

    def hangup(self, cause: str) -> None:
        self.cause = cause


def refused() -> float:
    return REGISTRY.get_sample_value("swml_calls_total", {"result": "refused"}) or 0


def test_one_peer_does_not_crowd_out_another():
    admission, before = Admission(2), refused()
    calls = [FakeCall("192.0.2.1") for _ in range(3)]
    assert [admission.enter(call, known=False) for call in calls] == [True, True, False]
    assert [call.cause for call in calls] == ["", "", REFUSAL_CAUSE]
    assert refused() == before + 1
    assert admission.enter(FakeCall("192.0.2.2"), known=False)
    admission.leave(calls[0])
    assert admission.enter(FakeCall("192.0.2.1"), known=False)


def test_a_call_that_comes_back_is_never_refused_but_counts():
    admission = Admission(1)
    assert admission.enter(FakeCall("192.0.2.1"), known=True)
    assert admission.enter(FakeCall("192.0.2.1"), known=True)
    assert not admission.enter(FakeCall("192.0.2.1"), known=False)


def test_without_a_limit_all_are_let_in():
    admission = Admission(None)
    assert all(admission.enter(FakeCall("192.0.2.1"), known=False) for _ in range(1000))
