"""A simulated FreeSWITCH: mod_event_socket's wire, 20 ms ticks, real audio files.

It serves the demo, `simulate`, the benchmark and the tests. What it does differently from a
real switch stands in DIFFERENCES.md, and nowhere else.
"""

from adapter.simswitch.caller import Caller, CallPlan, PlanFault, Step
from adapter.simswitch.client import SimClient, SimProcess
from adapter.simswitch.load import Load, LoadPlan, LoadResult
from adapter.simswitch.settings import (
    Action,
    Callee,
    Extension,
    Pace,
    SettingsFault,
    SwitchSettings,
    adapter_dialplan,
)
from adapter.simswitch.sim_switch import SimSwitch

__all__ = [
    "Action",
    "CallPlan",
    "Callee",
    "Caller",
    "Extension",
    "Load",
    "LoadPlan",
    "LoadResult",
    "Pace",
    "PlanFault",
    "SettingsFault",
    "SimClient",
    "SimProcess",
    "SimSwitch",
    "Step",
    "SwitchSettings",
    "adapter_dialplan",
]
