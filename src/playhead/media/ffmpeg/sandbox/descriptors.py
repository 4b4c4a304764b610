"""Bytes handed to a child by an inherited descriptor: nothing on disk, nothing in its arguments."""

from __future__ import annotations

import os


def readable_once(content: bytes, name: str) -> int:
    """Return a descriptor from which a child reads `content`; the caller closes it. `name` shows in /proc."""
    descriptor = os.memfd_create(name)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
