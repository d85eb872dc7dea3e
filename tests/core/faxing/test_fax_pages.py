"""Documents as fax machines have them, and back."""

import pytest
from PIL import Image
from worlds import papers

from adapter.faxing.pages import DOTS_PER_INCH, HEIGHT, WIDTH, to_fax, to_pdf
from adapter.simswitch.faxing import count_pages, first_pages


@pytest.fixture
def source(tmp_path):
    """A file with these bytes."""

    def write(content):
        (tmp_path / "source").write_bytes(content)
        return str(tmp_path / "source")

    return write


def test_there_and_back(source, tmp_path):
    document, tiff, back = papers.pdf("One", "Second"), tmp_path / "a.tif", tmp_path / "b.pdf"
    assert to_fax(source(document), str(tiff), 2) == 2
    with Image.open(tiff) as image:
        assert (image.size, image.mode, image.n_frames) == ((WIDTH, HEIGHT), "1", 2)
        assert image.info["dpi"] == DOTS_PER_INCH
    assert count_pages(tiff.read_bytes()) == 2
    assert to_pdf(str(tiff), str(back)) == 2
    for page in range(2):
        assert papers.likeness(back.read_bytes(), document, page) > 0.7


def test_a_fax_of_the_simulated_switch_breaks_off_between_pages(source, tmp_path):
    tiff = tmp_path / "a.tif"
    to_fax(source(papers.pdf("One", "Two", "Three")), str(tiff), 3)
    for count in (1, 2, 3):
        part = first_pages(tiff.read_bytes(), count)
        (tmp_path / "part.tif").write_bytes(part)
        assert count_pages(part) == count
        assert to_pdf(str(tmp_path / "part.tif"), str(tmp_path / "part.pdf")) == count


def test_a_page_that_lies_is_turned(source, tmp_path):
    written = tmp_path / "wide.pdf"
    Image.new("L", (1100, 850), 0).save(written, "PDF", resolution=100)
    to_fax(source(written.read_bytes()), str(tmp_path / "a.tif"), 1)
    with Image.open(tmp_path / "a.tif") as image:
        assert image.getpixel((WIDTH // 2, 2000)) == 0


def test_a_coarse_page_keeps_its_shape(tmp_path):
    """98 lines an inch: a square is half as many dots tall as it is wide."""
    page = Image.new("1", (WIDTH, 1146), 1)
    page.save(tmp_path / "a.tif", compression="group3", dpi=(204, 98))
    to_fax(str(tmp_path / "a.tif"), str(tmp_path / "fine.tif"), 1)
    to_pdf(str(tmp_path / "a.tif"), str(tmp_path / "a.pdf"))
    width, height = papers.size(tmp_path.joinpath("a.pdf").read_bytes())
    assert width == pytest.approx(WIDTH / 204 * 72, abs=0.5)
    assert height == pytest.approx(1146 / 98 * 72, abs=0.5)


@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-1.4 broken", b"II*\0broken"])
def test_what_is_no_document(source, tmp_path, content):
    with pytest.raises(Exception, match=r".+"):
        to_fax(source(content), str(tmp_path / "a.tif"), 9)


def test_too_many_pages(source, tmp_path):
    with pytest.raises(ValueError, match="2 pages, more than 1"):
        to_fax(source(papers.pdf("One", "Two")), str(tmp_path / "a.tif"), 1)


def test_no_page_at_all_leaves_no_file(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(Exception, match=r".+"):
        to_pdf(str(tmp_path / "a.tif"), str(tmp_path / "a.pdf"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]
