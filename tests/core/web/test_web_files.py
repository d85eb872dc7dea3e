import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.web.files import CHUNK, FileChunks, directly, open_below


@pytest.fixture
def folder(tmp_path):
    recordings = tmp_path / "recordings"
    (recordings / "2030" / "01").mkdir(parents=True)
    (recordings / "2030" / "01" / "a.wav").write_bytes(b"audio")
    (tmp_path / "secret").write_bytes(b"secret")
    return recordings


def read(file):
    chunks = FileChunks(file, 0, file.size, directly)
    try:
        return b"".join(chunks)
    finally:
        chunks.close()


def test_a_file_in_a_folder_is_read(folder):
    assert read(open_below(folder, "2030/01/a.wav")) == b"audio"


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../secret", "2030/../../secret", "/etc/passwd", "a\0b", "2030", "none"]
)
def test_nothing_else_is_opened(folder, path):
    with pytest.raises(FileNotFoundError):
        open_below(folder, path)


def test_a_link_as_the_file_is_not_followed(folder):
    (folder / "link.wav").symlink_to(folder.parent / "secret")
    with pytest.raises(FileNotFoundError):
        open_below(folder, "link.wav")


def test_a_link_as_a_folder_is_not_followed(folder):
    (folder / "out").symlink_to(folder.parent)
    with pytest.raises(FileNotFoundError):
        open_below(folder, "out/secret")


def test_the_recordings_folder_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "mount").symlink_to(folder)
    assert read(open_below(tmp_path / "mount", "2030/01/a.wav")) == b"audio"


def test_a_pipe_is_refused_at_once(folder):
    os.mkfifo(folder / "pipe.wav")
    with pytest.raises(FileNotFoundError):
        open_below(folder, "pipe.wav")


def test_the_etag_changes_with_the_file(folder):
    path = folder / "2030" / "01" / "a.wav"
    before = open_below(folder, "2030/01/a.wav")
    before.close()
    path.write_bytes(b"longer audio")
    after = open_below(folder, "2030/01/a.wav")
    after.close()
    assert before.etag != after.etag


def test_a_file_that_shrinks_breaks_the_answer(folder):
    path = folder / "2030" / "01" / "a.wav"
    file = open_below(folder, "2030/01/a.wav")
    path.write_bytes(b"")
    with pytest.raises(OSError, match="shorter"):
        read(file)


def test_large_files_come_in_chunks(folder):
    (folder / "big.wav").write_bytes(bytes(CHUNK * 2 + 1))
    file = open_below(folder, "big.wav")
    chunks = FileChunks(file, 1, file.size, directly)
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK]
    chunks.close()


def test_no_descriptor_is_left_open(folder, open_descriptors):
    before = open_descriptors()
    for path in ["2030/01/a.wav", "2030", "none", "2030/01/none", "2030/none/a"]:
        try:
            open_below(folder, path).close()
        except FileNotFoundError:
            continue
    assert open_descriptors() == before


@given(st.text(max_size=20))
def test_no_path_leads_out_of_the_folder(tmp_path_factory, path):
    folder = tmp_path_factory.getbasetemp() / "empty"
    folder.mkdir(exist_ok=True)
    with pytest.raises(OSError):
        open_below(folder, path)
