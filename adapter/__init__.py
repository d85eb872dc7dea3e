"""Run SWML documents on FreeSWITCH: an Event Socket adapter that loses no recording."""

__version__ = "0.1.0"
