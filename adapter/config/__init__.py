"""The adapter's settings: `Settings.load(path, overrides)` gives them, or every fault at once."""

from adapter.config.checks import local_path
from adapter.config.faults import Fault, SettingsError
from adapter.config.load import Settings
from adapter.config.media import Fax, Speech
from adapter.config.models import (
    Callbacks,
    Deadlines,
    Documents,
    Keep,
    Limits,
    Log,
    Node,
    Project,
    Retention,
    Route,
)
from adapter.config.values import TOPIC, Address

__all__ = [
    "TOPIC",
    "Address",
    "Callbacks",
    "Deadlines",
    "Documents",
    "Fault",
    "Fax",
    "Keep",
    "Limits",
    "Log",
    "Node",
    "Project",
    "Retention",
    "Route",
    "Settings",
    "SettingsError",
    "Speech",
    "local_path",
]
