import pytest

SECRET = "a secret of the links"


def test_the_whole_file(world):
    answer = world.get()
    assert answer.status_code == 200
    assert answer.content == world.audio
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Content-Length"] == str(len(world.audio))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == 'inline; filename="r1.wav"'


@pytest.mark.parametrize(
    ("format_", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("mp4", "audio/mp4")]
)
def test_the_type_follows_the_format(world, format_, media_type):
    world.store.change(format=format_)
    assert world.get().headers["Content-Type"] == media_type


def test_head_has_the_headers_and_no_body(world):
    head, get = world.client.simulate_head(world.url), world.get()
    assert (head.status_code, head.content) == (200, b"")
    for name in ["Content-Length", "Content-Type", "ETag", "Last-Modified"]:
        assert head.headers[name] == get.headers[name]


def test_a_part(world):
    answer = world.get(Range="bytes=10-19")
    assert answer.status_code == 206
    assert answer.content == world.audio[10:20]
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(world.audio)}"
    assert answer.headers["Content-Length"] == "10"


def test_the_end(world):
    answer = world.get(Range="bytes=-5")
    assert (answer.status_code, answer.content) == (206, world.audio[-5:])


def test_a_range_behind_the_end(world):
    answer = world.get(Range=f"bytes={len(world.audio)}-")
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(world.audio)}"


def test_a_client_that_has_it_gets_304(world):
    etag = world.get().headers["ETag"]
    answer = world.get(If_None_Match=etag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_if_range_of_another_version_gives_the_whole(world):
    answer = world.get(Range="bytes=0-1", If_Range='"old"')
    assert (answer.status_code, answer.content) == (200, world.audio)


def test_if_range_of_this_version_gives_the_part(world):
    etag = world.get().headers["ETag"]
    assert world.get(Range="bytes=0-1", If_Range=etag).content == world.audio[:2]


def test_head_ignores_a_range(world):
    answer = world.client.simulate_head(world.url, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(world.audio)))


@pytest.mark.parametrize("state", ["starting", "recording", "paused", "stopping"])
def test_a_running_recording_is_409_with_its_state(world, state):
    world.store.change(state=state, ended_at=None)
    answer = world.get()
    assert answer.status_code == 409
    assert answer.json["state"] == state
    assert int(answer.headers["Retry-After"]) > 0


def test_a_deleted_recording_is_410(world):
    world.store.change(deleted_at=2000.0)
    assert world.get().status_code == 410


def test_an_unknown_recording_is_404(world):
    answer = world.client.simulate_get("/api/v1/recordings/r2/download")
    assert answer.status_code == 404
    assert answer.json["error"] == "Not Found"


def test_a_recording_without_a_file_is_404(world):
    (world.folder / "2030" / "r1.wav").unlink()
    assert world.get().status_code == 404


def test_what_an_erroneous_recording_left_is_served(world):
    world.store.change(state="error")
    assert world.get().content == world.audio


def test_a_path_out_of_the_folder_is_404(world):
    world.store.change(path="../secret")
    (world.folder.parent / "secret").write_bytes(b"secret")
    assert world.get().status_code == 404


@pytest.mark.parametrize("query", [{}, {"sig": ""}, {"sig": "wrong"}, {"sig": "r1.other"}])
def test_a_bad_signature_is_403(make_world, query):
    world = make_world(link_secret=SECRET)
    answer = world.client.simulate_get(world.url, params=query)
    assert (answer.status_code, answer.json["error"]) == (403, "Forbidden")


def test_a_bad_signature_does_not_say_whether_there_is_a_recording(make_world):
    world = make_world(link_secret=SECRET)
    unknown = world.client.simulate_get("/api/v1/recordings/r2/download")
    known = world.get()
    assert (unknown.status_code, unknown.json) == (known.status_code, known.json)


def test_a_good_signature_works_while_the_recording_runs(make_world):
    world = make_world(link_secret=SECRET)
    world.store.change(state="recording", ended_at=None)
    answer = world.client.simulate_get(world.url, params={"sig": f"r1.{SECRET}"})
    assert answer.status_code == 409


def test_an_old_link_is_403(make_world):
    world = make_world(link_secret=SECRET)  # the recording ended in 1970
    answer = world.client.simulate_get(world.url, params={"sig": f"r1.{SECRET}"})
    assert answer.status_code == 403
    assert "expired" in answer.json["message"]


def test_a_link_within_its_time_works(make_world):
    world = make_world(link_secret=SECRET, link_expires=1e11)
    answer = world.client.simulate_get(world.url, params={"sig": f"r1.{SECRET}"})
    assert answer.content == world.audio


def test_no_answer_leaves_the_file_open(world, open_descriptors):
    etag = world.get().headers["ETag"]
    before = open_descriptors()
    world.get()
    world.get(If_None_Match=etag)
    world.get(Range="bytes=99999-")
    world.client.simulate_head(world.url)
    assert open_descriptors() == before
