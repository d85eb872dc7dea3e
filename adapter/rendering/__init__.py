"""The dialplan and switch configuration that we ship as templates."""

from adapter.rendering.options import DialplanOptions, Options, SwitchOptions
from adapter.rendering.render import RenderError, render_dialplan, render_freeswitch_conf

__all__ = [
    "DialplanOptions",
    "Options",
    "RenderError",
    "SwitchOptions",
    "render_dialplan",
    "render_freeswitch_conf",
]
