"""Which codecs of `stream` the modules can send."""

import pytest

from adapter.methods.stream import rate_of


@pytest.mark.parametrize(
    ("codec", "rate"),
    [
        (None, 8000),
        ("L16", 8000),
        ("l16@16000h", 16000),
        ("L16@24000h@40i", 24000),
        (" L16@40i ", 8000),
        ("L16@48000h", 48000),
    ],
)
def test_linear_sound(codec, rate):
    assert rate_of(codec) == rate


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "OPUS", "L16@11025h", "L16@0h", "L16@h", "L8"])
def test_anything_else_is_not_sent_as_something_else(codec):
    with pytest.raises(ValueError, match="L16 alone, at 8000"):
        rate_of(codec)
