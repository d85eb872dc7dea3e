import pytest


def test_health(world):
    assert world.client.simulate_get("/health").json == {"status": "ok"}


def test_ready(world):
    answer = world.client.simulate_get("/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")


def test_not_ready_says_why(world):
    world.reasons.append("draining")
    answer = world.client.simulate_get("/ready")
    assert (answer.status_code, answer.json["reasons"]) == (503, ["draining"])


def test_metrics(world):
    answer = world.client.simulate_get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "calls_total 1.0" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/x", 404), ("POST", "/health", 405)]
)
def test_errors_are_json(world, method, path, status):
    answer = world.client.simulate_request(method, path, headers={"Accept": "application/xml"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["error"]


def test_an_unexpected_error_tells_nothing_of_the_inside(world, monkeypatch):
    def fail(recording_id):
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr(world.store, "recording", fail)
    answer = world.get()
    assert (answer.status_code, answer.json["error"]) == (500, "Internal Server Error")
    assert "1234" not in answer.text


def test_a_clients_request_id_comes_back(world):
    answer = world.client.simulate_get("/health", headers={"X-Request-Id": "abc"})
    assert answer.headers["X-Request-Id"] == "abc"


@pytest.mark.parametrize("given", ["", "x" * 200, "a\u00e9"])
def test_an_unusable_request_id_is_replaced(world, given):
    answer = world.client.simulate_get("/health", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] not in {"", given}
