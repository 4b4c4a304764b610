"""Whether a film goes on to its end, as its index says: a download that broke off is often full of zeros there.

Encoding would find out, at the end of a long film hours later. It is looked at once nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from playhead.media.ffmpeg.ending import Ending, ending_invocation, read_ending
from playhead.media.ffmpeg.hardening import beside_the_film
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.media import MediaInfo
from playhead.processing.timeline import Timeline

LAST_SECONDS = 5
"""How much has to be gone: a last frame that was cut off is no reason to refuse a film."""
SHORTEST_SECONDS = 2 * LAST_SECONDS
"""A shorter film is encoded within moments, and that tells the same."""
FEWEST_PACKETS = 8
FRAMES_OF_PACKETS = 4
"""Of so many packets there is a picture at least; two of them may be the fields of one."""


async def confirm_ending(path: Path, sandbox: Sandbox, info: MediaInfo, timeline: Timeline) -> None:
    """Decode the last seconds of a film.

    What cannot be told is well: encoding will tell.

    Raises:
        PlayheadError: `corrupt_file` where next to nothing of them can be decoded.
    """
    if info.video is None or not timeline.usable or timeline.duration_seconds < SHORTEST_SECONDS:
        return
    since = float(timeline.end * timeline.tick) - LAST_SECONDS
    guards = (*await asyncio.to_thread(guards_of, path), *beside_the_film())
    try:
        told = await run(ending_invocation(path, guards, info.video.index, since), sandbox=sandbox)
    except PlayheadError:
        return
    if is_lost(read_ending(told.stdout)):
        raise PlayheadError("corrupt_file", f"The last {LAST_SECONDS} seconds of the film cannot be decoded.")


def is_lost(ending: Ending) -> bool:
    """Whether next to nothing comes out of the packets that there are."""
    return ending.packets >= FEWEST_PACKETS and ending.frames * FRAMES_OF_PACKETS < ending.packets
