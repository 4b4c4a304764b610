"""A Matroska file that is fit is served as it is, by its stored index: every frame, every packet, in sync."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from playhead.delivery.shelf import Shelf
from playhead.packaging.source import SourceView
from playhead.records import videos
from tests.delivery.clips import matroska
from tests.delivery.making import Making, making
from tests.packaging.play import hashes, md5s

__all__ = ["making", "matroska"]

MILLISECOND = Fraction(1, 1000)


async def test_it_is_played_frame_by_frame(making: Making, matroska: Path, tmp_path: Path) -> None:
    video_id, plan = await making.planned(matroska, "144p")
    assert plan.source_reasons == ()
    assert plan.sound_from_source
    assert "source.m3u8" in (await making.get(video_id, "master.m3u8")).text
    assert (await making.get(video_id, "manifest.mpd")).status_code == 200
    names = {track: await making.names(video_id, f"{track}.m3u8") for track in ("source", "audio")}
    served = {track: await making.all(video_id, listed) for track, listed in names.items()}
    starts = {}
    for track, stream in (("source", "v:0"), ("audio", "a:0")):
        joined = tmp_path / f"{track}.mp4"
        joined.write_bytes(b"".join(served[track].values()))
        ours = hashes(joined, stream, copy=track == "audio")
        theirs = hashes(matroska, stream, copy=track == "audio")
        assert md5s(ours) == md5s(theirs)
        late = [abs(mine[0] - other[0]) for mine, other in zip(ours, theirs, strict=True)]
        # The first picture is shown from the beginning, with the sound.
        assert max(late[1:]) <= MILLISECOND
        starts[track] = ours[0][0]
    assert starts["source"] == 0
    # What is made of it goes with it, segment by segment, and changes nothing.
    track = plan.renditions[0].track
    await making.finish(video_id, plan)
    listed = [
        [line for line in (await making.get(video_id, f"{each}.m3u8")).text.splitlines() if "EXTINF" in line]
        for each in ("source", track)
    ]
    assert listed[0] == listed[1]
    assert await making.all(video_id, names["source"]) == served["source"]


async def test_another_process_reads_the_stored_index_alone(making: Making, matroska: Path) -> None:
    video_id, _ = await making.planned(matroska, "144p")
    storage = making.origin.storage
    async with making.origin.records.transaction() as tx:
        row = await videos.get(tx, video_id)

    async def seen() -> SourceView:
        return await Shelf(storage).source(
            row["source_key"], row["source_size"], judged=True, index_key=row["index_key"]
        )

    source = matroska.read_bytes()
    await storage.delete(row["source_key"])
    found = await seen()
    assert found.video is not None
    # One that another release wrote is made anew from the file.
    await storage.put(row["source_key"], source)
    await storage.put(row["index_key"], b"PHix\xffsomething else")
    again = await seen()
    assert again.video is not None
    assert (again.cuts, again.video.times) == (found.cuts, found.video.times)
