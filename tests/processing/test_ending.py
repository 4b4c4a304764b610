"""A film whose last seconds are not there is told from one that merely ends badly, before it is encoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.media.ffmpeg.ending import Ending
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.processing.ending import confirm_ending, is_lost
from playhead.processing.examine import examine
from playhead.processing.inspect import inspect
from playhead.processing.workshop import Workshop
from playhead.records import videos
from playhead.storage.disk import Disk
from tests.media.mp4.clips import AAC, X264, ffmpeg, packets, sound
from tests.records.conftest import Shop, shop

__all__ = ["shop"]

SECONDS = 12
TOOLS = NoSandbox(find_tools())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds, with the index before all media."""
    path = tmp_path_factory.mktemp("ending") / "whole.mp4"
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={SECONDS}")
    ffmpeg(*picture, *sound(SECONDS), *X264, "-bf", "2", "-g", "50", *AAC, "-movflags", "+faststart", path)
    return path


def blanked(whole: Path, target: Path, since: float, until: float) -> Path:
    """The film with zeros in place of its packets of picture between two moments, as a download leaves them."""
    data = bytearray(whole.read_bytes())
    for packet in packets(whole):
        if since <= float(packet["dts_time"]) < until:
            at, size = int(packet["pos"]), int(packet["size"])
            data[at : at + size] = bytes(size)
    target.write_bytes(data)
    return target


async def confirm(path: Path) -> None:
    info, timeline, _ = await examine(path, TOOLS, 3600.0)
    await confirm_ending(path, TOOLS, info, timeline)


async def test_what_is_whole_is_well(whole: Path) -> None:
    await confirm(whole)


@pytest.mark.parametrize(("since", "until"), [(SECONDS - 0.5, SECONDS), (3.0, 7.0)])
async def test_damage_elsewhere_is_for_the_encoder(
    whole: Path, tmp_path: Path, since: float, until: float
) -> None:
    """Last frames that were cut off, and a hole in the middle: what can be shown of such a film is shown."""
    await confirm(blanked(whole, tmp_path / "film.mp4", since, until))


async def test_a_film_that_is_zeros_at_its_end_is_refused(whole: Path, tmp_path: Path) -> None:
    lost = blanked(whole, tmp_path / "lost.mp4", 6.0, SECONDS)
    with pytest.raises(PlayheadError, match="The last 5 seconds") as caught:
        await confirm(lost)
    assert caught.value.code == "corrupt_file"


async def test_it_fails_before_anything_is_encoded(shop: Shop, whole: Path, tmp_path: Path) -> None:
    lost = blanked(whole, tmp_path / "lost.mp4", 6.0, SECONDS)
    storage = Disk(tmp_path / "storage")
    await storage.put("videos/a/source/b", lost.read_bytes())
    video_id = await shop.video("144p")
    async with shop.records.transaction() as tx:
        size = lost.stat().st_size
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=size)
    await inspect(Workshop(shop.records, storage, TOOLS, tmp_path, 3600.0, places_ahead=0), video_id)
    async with shop.records.transaction() as tx:
        video = await videos.get(tx, video_id)
        assert (video["status"], video["error_code"]) == ("fail", "corrupt_file")
        assert video["error_detail"] == "The last 5 seconds of the film cannot be decoded."


def test_fields_are_not_taken_for_losses() -> None:
    assert not is_lost(Ending(packets=500, frames=250))
    assert not is_lost(Ending(packets=7, frames=0)), "too few to tell"
    assert is_lost(Ending(packets=125, frames=1)), "what a decoder gives when it is emptied"
