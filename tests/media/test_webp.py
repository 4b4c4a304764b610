"""Animated WebP becomes an APNG inside the sandbox, frame for frame, and nothing else becomes anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from playhead.media import webp
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.bubblewrap import Bubblewrap
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError

BOXES: dict[str, type[Bubblewrap] | type[Landlock]] = {"bubblewrap": Bubblewrap, "landlock": Landlock}


def box(name: str) -> Bubblewrap | Landlock:
    return BOXES[name](find_tools())


def animation(path: Path, durations: list[int]) -> list[Image.Image]:
    """Squares that wander over a see-through canvas; its frames as they are to be seen."""
    frames = []
    for number in range(len(durations)):
        frame = Image.new("RGBA", (48, 32), (0, 0, 0, 0))
        frame.paste((200, 40 * number, 90, 255), (4 * number, 4, 4 * number + 12, 16))
        frames.append(frame)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, lossless=True, loop=0)
    return frames


def over_black(frame: Image.Image) -> bytes:
    """As it is shown: what lies beneath a see-through canvas is for the player to choose."""
    return Image.alpha_composite(Image.new("RGBA", frame.size, (0, 0, 0, 255)), frame).tobytes()


@pytest.mark.parametrize("name", BOXES)
async def test_every_frame_is_there_as_long_as_it_should_be(name: str, tmp_path: Path) -> None:
    source = tmp_path / "cat.webp"
    frames = animation(source, [40, 400, 5, 120])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o777)
    await run(webp.unpack_invocation(source, scratch), sandbox=box(name))
    with Image.open(scratch / webp.UNPACKED) as made:
        seen = [
            (over_black(frame.convert("RGBA")), round(frame.info["duration"]))
            for frame in ImageSequence.Iterator(made)
        ]
    assert [pixels for pixels, _ in seen] == [over_black(frame) for frame in frames]
    # What claims next to no time gets what browsers give it.
    assert [lasts for _, lasts in seen] == [40, 400, 100, 120]


@pytest.mark.parametrize("cut", [40, 200])
async def test_a_broken_one_fails_by_name(cut: int, tmp_path: Path) -> None:
    source = tmp_path / "cat.webp"
    animation(source, [40] * 4)
    source.write_bytes(source.read_bytes()[:cut])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(PlayheadError, match="corrupt_file"):
        await run(webp.unpack_invocation(source, scratch), sandbox=box("landlock"))


async def test_only_webp_is_opened(tmp_path: Path) -> None:
    source = tmp_path / "cat.webp"
    Image.new("RGB", (8, 8)).save(source, format="TIFF")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(PlayheadError, match="corrupt_file"):
        await run(webp.unpack_invocation(source, scratch), sandbox=box("landlock"))
