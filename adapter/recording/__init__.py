"""The life of one recording, and its file."""
