"""Download links."""

import hmac

import pytest

from adapter.recording.links import download_url, verify

SECRET = "a long secret"


def test_without_a_secret_the_id_is_enough() -> None:
    url = download_url("https://example.com/", "rec-1", None)
    assert url == "https://example.com/api/v1/recordings/rec-1/download"


def test_signed_link_is_verified() -> None:
    url = download_url("https://example.com/base", "rec-1", SECRET)
    path, _, signature = url.partition("?sig=")
    assert path == "https://example.com/base/api/v1/recordings/rec-1/download"
    assert verify("rec-1", signature, SECRET)


@pytest.mark.parametrize("wrong", ["", "0" * 64, "ü", "\udce9", "0"])
def test_other_signatures_are_refused(wrong: str) -> None:
    assert not verify("rec-1", wrong, SECRET)


def test_signature_is_for_one_recording_and_one_secret() -> None:
    signature = download_url("http://h", "rec-1", SECRET).partition("?sig=")[2]
    assert not verify("rec-2", signature, SECRET)
    assert not verify("rec-1", signature, "other")
    assert not verify("rec-1", signature.upper(), SECRET)


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `compare_digest` says of both as a whole counts, and nothing is judged before it."""
    monkeypatch.setattr(hmac, "compare_digest", lambda ours, theirs: (len(ours), theirs))
    assert verify("rec-1", "guess", SECRET) == (64, b"guess")


def test_id_cannot_leave_the_path() -> None:
    url = download_url("http://h", "../../x?y", None)
    assert url == "http://h/api/v1/recordings/..%2F..%2Fx%3Fy/download"
