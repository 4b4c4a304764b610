"""`playhead plan`: what would be made of a file, without a server and without making it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter

from playhead.cli.given import MisuseError, print_json, settings_with
from playhead.media import webp
from playhead.media.ffmpeg.sandbox.choose import choose_sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.media import MediaInfo
from playhead.model.plan import TIMESCALE, Plan
from playhead.model.resolutions import DEFAULT_RESOLUTIONS, SHORT_SIDES
from playhead.processing.examine import examine
from playhead.processing.planning import plan as make_plan
from playhead.settings import Settings


def plan(
    file: Path,
    /,
    *,
    resolutions: Annotated[str | None, Parameter(show_default=False)] = None,
    thumbnails: Annotated[str | None, Parameter(show_default=False)] = None,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> None:
    """Say what would be made of a file, without making it.

    Parameters
    ----------
    file
        A video on this machine; it is only read.
    resolutions
        What to ask for, such as `360p,720p`; by default what the server makes by itself.
    thumbnails
        Seconds to take pictures at, such as `1,2.5`.
    json
        Print the file's facts and the whole plan as one line of JSON.
    """
    if not file.is_file():
        raise MisuseError(f"There is no file {file}.")
    asked = _parts(resolutions) if resolutions is not None else list(DEFAULT_RESOLUTIONS)
    unknown = [name for name in asked if name not in SHORT_SIDES]
    if unknown or not asked:
        raise MisuseError(f"--resolutions takes any of {', '.join(SHORT_SIDES)}.")
    try:
        moments = [float(part) for part in _parts(thumbnails or "")]
    except ValueError:
        raise MisuseError(f"--thumbnails takes seconds such as 1,2.5, not {thumbnails}.") from None
    info, planned = asyncio.run(_planned(file.absolute(), asked, moments, settings_with()))
    if json:
        print_json({"source": info, "plan": planned})
    else:
        print("\n".join(_told(info, planned)))


async def _planned(
    file: Path, resolutions: list[str], thumbnail_seconds: list[float], settings: Settings
) -> tuple[MediaInfo, Plan]:
    sandbox = await choose_sandbox(find_tools(), unsafe_no_sandbox=settings.unsafe_no_sandbox)
    with TemporaryDirectory() as scratch:
        readable = await webp.readable(file, Path(scratch), sandbox)
        info, timeline, _ = await examine(readable, sandbox, settings.max_duration_seconds)
    return info, make_plan(info, timeline, resolutions, thumbnail_seconds)


def _told(info: MediaInfo, plan: Plan) -> Iterator[str]:
    video = info.video
    sound = (
        f"{info.audio.codec} {info.audio.channels} ch {info.audio.sample_rate} Hz"
        if info.audio
        else "no sound"
    )
    film = (
        f"{video.width}x{video.height} {video.codec} {float(video.fps):.3f} fps" if video else "no pictures"
    )
    yield f"source  {film}, {sound}, {info.duration_seconds:.3f} s"
    yield f"chunks  {len(plan.chunks)}, {_seconds(plan.chunks[0].end)} s to the end of the first"
    for rendition in plan.renditions:
        note = f"  {rendition.note}" if rendition.note else ""
        kind = f"H.264 {rendition.profile}, {rendition.max_bit_rate / 1000:.0f} kbit/s at most"
        yield f"{rendition.resolution:<7} {rendition.width}x{rendition.height}, {kind}{note}"
    yield f"poster  at {plan.poster_seconds:.3f} s"
    for number, at in enumerate(plan.thumbnail_seconds, 1):
        yield f"image {number} at {at:.3f} s"


def _seconds(ticks: int) -> str:
    return f"{ticks / TIMESCALE:.3f}"


def _parts(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]
