"""Playhead: the open, self-hosted video backend."""

__version__ = "0.1.0"
