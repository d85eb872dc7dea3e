"""Pages to fax, and what came out at the other end."""

import io

import numpy
import pypdfium2
from PIL import Image, ImageDraw

LETTER = (850, 1100)
"""Dots of a page at 100 an inch."""

SHARED = (840, 1100)
"""Of a page, what A4 has as well."""

BOX = Image.Resampling.BOX

HEADER = 0.05
"""Of a page: where a fax machine may write its line."""


def pdf(*texts: str) -> bytes:
    """A PDF with a page for each text: the text, a frame and a slope."""
    pages = [_page(text) for text in texts]
    written = io.BytesIO()
    pages[0].save(written, "PDF", resolution=100, save_all=True, append_images=pages[1:])
    return written.getvalue()


def _page(text: str) -> Image.Image:
    page = Image.new("L", LETTER, 255)
    draw = ImageDraw.Draw(page)
    draw.text((100, 200), text, fill=0, font_size=60)
    draw.rectangle((100, 400, 700, 900), outline=0, width=8)
    draw.line((100, 400, 100 + 100 * len(text), 900), fill=0, width=8)
    return page


def likeness(one: bytes, other: bytes, page: int = 0) -> float:
    """How much a page of two PDFs has in common, below the header: 1 is all, 0 nothing."""
    first, second = (_black(document, page) for document in (one, other))
    return float((first & second).sum() / max(1, (first | second).sum()))


def count(document: bytes) -> int:
    """The pages of a PDF."""
    return len(pypdfium2.PdfDocument(document))


def size(document: bytes) -> tuple[float, float]:
    """The first page's width and height in points."""
    width, height = pypdfium2.PdfDocument(document)[0].get_size()
    return width, height


def _black(document: bytes, page: int) -> "numpy.ndarray":
    """What is black, in squares of a twentieth of an inch; a header pushes all of it down."""
    image = pypdfium2.PdfDocument(document)[page].render(scale=100 / 72, grayscale=True).to_pil()
    fine = numpy.asarray(image.crop((0, 0, *SHARED))) < 128
    fine = fine[round(LETTER[1] * HEADER) :]
    top = int(fine.any(axis=1).argmax())
    below = numpy.where(fine[top : top + 800], 0, 255).astype(numpy.uint8)
    shown = Image.fromarray(below).resize((170, 160), BOX)
    return numpy.asarray(shown) < 200
