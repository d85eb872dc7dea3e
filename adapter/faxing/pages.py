"""PDF to what a fax machine sends, and what it received to PDF.

Run in a helper process: a document comes from others, and reading it takes time and memory. Needs
the extra `fax` (pypdfium2, Pillow).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

TO_FAX = "adapter.faxing.pages:to_fax"
TO_PDF = "adapter.faxing.pages:to_pdf"
"""The functions below, as helpers call them."""

WIDTH, HEIGHT = 1728, 2292
"""Dots of an A4 page of fax: every machine takes that width (ITU-T T.30, table 2, 215 mm)."""

DOTS_PER_INCH = (204.0, 196.0)
"""Of the resolution `fine`: 8.04 dots and 7.7 lines a millimetre."""

PDF, TIFF = (b"%PDF-",), (b"II*\0", b"MM\0*")


def to_fax(source: str, target: str, most_pages: int) -> int:
    """Write a PDF (or TIFF) as a fax's TIFF, in black and white; returns the number of pages.

    Raises ValueError for what is no document, and ImportError without the extra `fax`.
    """
    with Path(source).open("rb") as file:
        head = file.read(1024)
    if head.startswith(TIFF):
        pages = _tiff_pages(source)
    elif any(mark in head for mark in PDF):
        pages = _pdf_pages(source, most_pages)
    else:
        raise ValueError("the document is neither PDF nor TIFF")
    return _write(pages, target, most_pages)


def _write(pages: Iterator[Any], target: str, most_pages: int) -> int:
    with Path(target).open("w+b") as file:
        count = _append(pages, file, most_pages)
    if not count:
        raise ValueError("the document has no page")
    return count


def _append(pages: Iterator[Any], file: BinaryIO, most_pages: int) -> int:
    """The writer lives no longer than the file is open: its last act is to look into it."""
    from PIL.TiffImagePlugin import AppendingTiffWriter

    count, writer = 0, AppendingTiffWriter(file)
    for count, page in enumerate(pages, 1):
        if count > most_pages:
            raise ValueError(f"the document has more than {most_pages} pages")
        page.save(writer, format="TIFF", compression="group4", dpi=DOTS_PER_INCH)
        writer.newFrame()
    return count


def _pdf_pages(source: str, most_pages: int) -> Iterator[Any]:
    import pypdfium2

    with pypdfium2.PdfDocument(source) as document:
        if len(document) > most_pages:
            raise ValueError(f"the document has {len(document)} pages, more than {most_pages}")
        for page in document:
            width, height = page.get_size()
            turned = 90 if width > height else 0
            if turned:
                width, height = height, width
            tallest = HEIGHT / DOTS_PER_INCH[1] * DOTS_PER_INCH[0]
            scale = min(WIDTH / max(width, 1.0), tallest / max(height, 1.0))
            bitmap = page.render(scale=scale, rotation=turned, grayscale=True)
            yield _on_paper(bitmap.to_pil(), 1.0)


def _tiff_pages(source: str) -> Iterator[Any]:
    from PIL import Image, ImageSequence

    with Image.open(source) as image:
        for frame in ImageSequence.Iterator(image):
            across, down = frame.info.get("dpi", (1, 1))
            stretched = float(across) / float(down) if across and down else 1.0
            yield _on_paper(frame.convert("L"), stretched)


def _on_paper(image: Any, stretched: float) -> Any:
    """The page in a fax's dots, which are not square; `stretched`: how tall the image's own are."""
    from PIL import Image

    tall = DOTS_PER_INCH[1] / DOTS_PER_INCH[0] * stretched
    width, height = image.width, image.height * tall
    factor = min(WIDTH / width, HEIGHT / height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    paper = Image.new("L", (WIDTH, HEIGHT), 255)
    paper.paste(image if image.size == size else image.resize(size), (0, 0))
    return paper.convert("1")


def to_pdf(source: str, target: str) -> int:
    """Write a received fax as PDF, each page in its own resolution; returns the number of pages.

    `target` appears whole or not at all. Raises what Pillow does of a file without a page.
    """
    from PIL import Image, ImageSequence

    partial, count = Path(f"{target}.part"), 0
    try:
        with Image.open(source) as image:
            for frame in ImageSequence.Iterator(image):
                dots = frame.info.get("dpi", DOTS_PER_INCH)
                page = frame.convert("1")
                page.save(partial, "PDF", append=count > 0, dpi=dots, title="Fax")
                count += 1
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count
