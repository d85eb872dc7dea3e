"""Whether the switch has what a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.freeswitch import commands
from adapter.freeswitch.errors import SwitchError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call


def is_missing(call: Call, module: str) -> bool:
    """Whether a module is not loaded; False as well where the switch does not say."""
    try:
        return call.api(commands.api("module_exists", module)).strip() == "false"
    except SwitchError:
        return False  # nobody knows; the general advice holds
