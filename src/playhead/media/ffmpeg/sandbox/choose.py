"""Which sandbox this machine gets: the first that proves itself, or none at all by explicit wish."""

from __future__ import annotations

from collections.abc import Callable

from playhead.media.ffmpeg.sandbox.bubblewrap import Bubblewrap
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.sandbox.selftest import verify
from playhead.media.ffmpeg.tools import Tools
from playhead.model.errors import PlayheadError

CANDIDATES: tuple[Callable[[Tools], Sandbox], ...] = (Bubblewrap, Landlock)
"""Best first."""


async def choose_sandbox(
    tools: Tools,
    *,
    unsafe_no_sandbox: bool = False,
    candidates: tuple[Callable[[Tools], Sandbox], ...] = CANDIDATES,
) -> Sandbox:
    """Return the first candidate that passes the self-test; never falls back to none by itself.

    `unsafe_no_sandbox`: the operator said in so many words that every file here can be trusted.

    Raises: PlayheadError `sandbox_unavailable` with a sentence for each candidate; what the tools said is in
    the notes of the exception.
    """
    if unsafe_no_sandbox:
        return NoSandbox(tools)
    sentences, notes = [], []
    for candidate in candidates:
        sandbox = candidate(tools)
        try:
            await verify(sandbox)
        except PlayheadError as failure:
            sentences.append(f"{sandbox.name}: {failure.detail or failure.kind.sentence}")
            notes += [f"{sandbox.name}: {note}" for note in getattr(failure, "__notes__", ())]
        else:
            return sandbox
    unavailable = PlayheadError("sandbox_unavailable", " ".join(sentences))
    for note in notes:
        unavailable.add_note(note)
    raise unavailable
