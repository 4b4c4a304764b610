"""What a sandbox must do for the door."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from playhead.media.ffmpeg.invocation import Invocation


@dataclass(frozen=True)
class Enclosure:
    """An invocation made ready to start: pure data but for its descriptors, which belong to the door."""

    argv: tuple[str, ...]
    """Absolute path of a program first; never read by a shell."""
    descriptors: tuple[int, ...] = ()
    """Open files that the program inherits; `close` them once it has started, or if it will not."""

    def close(self) -> None:
        """Close the descriptors here; the program keeps its own copies."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class Sandbox(Protocol):
    """Encloses one invocation so that hostile code in ffmpeg gains nothing by being there.

    What the door may assume of every sandbox but `NoSandbox`: no network of any family; no file but
    `reads` (read-only), `scratch` (read and write), ffmpeg itself and the libraries of the system; no other
    process can be seen, signalled or started; death with the process that started it; the limits of
    `Invocation.limits` that the kernel can enforce. Paths are the same inside and outside.
    """

    @property
    def name(self) -> str:
        """A word for logs and `doctor`: `bubblewrap`, `landlock` or `none`."""

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        """Return how to start `invocation` inside; may be called any number of times.

        `inherit` are descriptors that stay open inside under the same numbers.

        Raises: PlayheadError `tool_missing` when the program is not there; `sandbox_unavailable` when the
        box cannot be built.
        """
