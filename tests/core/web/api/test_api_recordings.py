"""GET and DELETE /api/relay/rest/recordings."""

from urllib.parse import urlsplit

import pytest
from api_world import AUDIO, MINE, OTHER, PUBLIC

LIST = "/api/relay/rest/recordings"


def follow(api, link):
    parts = urlsplit(link)
    return api.get(parts.path, query_string=parts.query).json


def ids(answer):
    return [row["id"] for row in answer["data"]]


def test_a_recording_is_shown(api):
    api.record(stereo=True, direction="speak")
    api.call()
    assert api.get(f"{LIST}/rec-1").json == {
        "id": "rec-1",
        "project_id": MINE,
        "created_at": "2018-09-25T23:00:00Z",
        "updated_at": "2018-09-25T23:00:05Z",
        "duration_in_seconds": 4,
        "error_code": None,
        "price": 0.0,
        "price_unit": "USD",
        "status": "completed",
        "url": f"{PUBLIC}/api/v1/recordings/rec-1/download",
        "stereo": True,
        "byte_size": len(AUDIO),
        "track": "inbound",
        "relay_pstn_leg_id": "call-1",
    }


@pytest.mark.parametrize(
    ("kind", "leg"), [("sip", "relay_sip_leg_id"), ("webrtc", "relay_webrtc_leg_id")]
)
def test_the_leg_is_named_by_its_kind(api, kind, leg):
    api.record()
    api.call(kind=kind)
    assert api.get(f"{LIST}/rec-1").json[leg] == "call-1"


def test_a_running_one_and_a_failed_one_are_shown(api):
    running = {"ended_at": None, "duration": None, "size": None}
    api.record(state="paused", **running)
    assert api.get(f"{LIST}/rec-1").json["status"] == "paused"
    api.record(state="error", error_code="write_failed", **running)
    shown = api.get(f"{LIST}/rec-1").json
    assert (shown["status"], shown["error_code"]) == ("absent", "write_failed")


def test_a_list_is_read_to_its_end_and_back(api):
    for number in range(7):
        api.record(f"rec-{number}", created_at=100.0 + number // 2)
    api.record("theirs", project_id=OTHER)
    first = api.get(LIST, query_string="page_size=3").json
    assert ids(first) == ["rec-6", "rec-5", "rec-4"]
    assert set(first["links"]) == {"self", "first", "next"}
    second = follow(api, first["links"]["next"])
    assert ids(second) == ["rec-3", "rec-2", "rec-1"]
    third = follow(api, second["links"]["next"])
    assert ids(third) == ["rec-0"]
    assert "next" not in third["links"]
    back = follow(api, third["links"]["prev"])
    assert ids(back) == ["rec-3", "rec-2", "rec-1"]
    front = follow(api, back["links"]["prev"])
    assert ids(front) == ["rec-6", "rec-5", "rec-4"]
    assert "prev" not in front["links"]
    assert ids(follow(api, second["links"]["first"])) == ids(first)
    assert ids(follow(api, second["links"]["self"])) == ids(second)


def test_a_client_that_deletes_as_it_reads_misses_none(api):
    for number in range(5):
        api.record(f"rec-{number}")
    seen, answer = [], api.get(LIST, query_string="page_size=2").json
    while True:
        seen += ids(answer)
        for recording_id in ids(answer):
            assert api.delete(f"{LIST}/{recording_id}").status_code == 204
        if "next" not in answer["links"]:
            break
        answer = follow(api, answer["links"]["next"])
    assert seen == ["rec-4", "rec-3", "rec-2", "rec-1", "rec-0"]


def test_pages_can_be_asked_for_by_number(api):
    for number in range(5):
        api.record(f"rec-{number}")
    assert ids(api.get(LIST, query_string="page_size=2&page_number=2").json) == ["rec-0"]
    assert ids(api.get(LIST, query_string="page_size=2&page_number=9").json) == []


@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=1001",
        "page_size=many",
        "page_size=%D9%A3",
        "page_number=-1",
        "page_number=99999999999999999999",
        "page_token=PAnonsense",
        "page_token=x",
        "page_token=PAbmFuIHg",
        "page_token=" + "x" * 5000,
    ],
)
def test_a_wrong_page_is_refused_in_this_apis_words(api, query):
    answer = api.get(LIST, query_string=query)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["detail"].startswith("page_")
    assert (error["status"], error["code"]) == ("422", "422")


def test_deleting_takes_the_file_and_leaves_a_trace(api):
    api.record()
    assert api.get("/api/v1/recordings/rec-1/download").content == AUDIO
    answer = api.delete(f"{LIST}/rec-1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not (api.folder / "rec-1.wav").exists()
    assert api.get("/api/v1/recordings/rec-1/download").status_code == 410
    assert api.get(f"{LIST}/rec-1").status_code == 404
    assert api.delete(f"{LIST}/rec-1").status_code == 404
    assert api.get(LIST).json["data"] == []
    assert api.events == [("call-1", "recording.deleted", {"recording_id": "rec-1"})]


@pytest.mark.parametrize("state", ["starting", "recording", "paused", "stopping"])
def test_a_running_recording_is_not_deleted(api, state):
    api.record(state=state, ended_at=None)
    answer = api.delete(f"{LIST}/rec-1")
    assert answer.status_code == 422
    assert "stop it first" in answer.json["errors"][0]["detail"]
    assert api.get(f"{LIST}/rec-1").status_code == 200


def test_a_file_that_is_gone_already_can_be_deleted(api):
    api.record()
    (api.folder / "rec-1.wav").unlink()
    assert api.delete(f"{LIST}/rec-1").status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", ["theirs", "unknown", "%00", "%ff", "x" * 5000, "..%2f..%2fetc"])
def test_what_is_not_mine_is_not_there(api, method, name):
    api.record("theirs", project_id=OTHER)
    answer = api.ask(method, f"{LIST}/{name}")
    assert answer.status_code == 404
    assert answer.json["error"] == "Not Found"
    assert (api.folder / "theirs.wav").exists()


def test_a_broken_store_is_said_to_be_broken(api):
    api.store.close()
    answer = api.get(LIST)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
