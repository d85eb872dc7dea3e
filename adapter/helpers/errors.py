"""What can go wrong with a helper."""


class HelperError(Exception):
    """The function failed, took too long, or its process ended; the message says which."""
