"""Virtual files in a real browser: Chromium buffers them without a hole and shows the frame asked for."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from playhead.media.mp4 import codec_string
from playhead.packaging import (
    Lane,
    cut,
    init_segment,
    join,
    keyframe_boundaries,
    lane_of_track,
    media_segment,
)
from tests.media.mp4.clips import AAC, BFRAMES, VFR, X264, ffmpeg, picture, sound
from tests.packaging.play import hashes, index, rendered
from tests.packaging.test_joined import encode_pieces, on_timeline

CHROMIUM = "/usr/bin/chromium"
PAGE = """async ({streams, whole, seeks, expected}) => {
  const bytes = text => Uint8Array.from(atob(text), char => char.charCodeAt(0));
  const video = document.createElement("video");
  const event = (target, name) => new Promise((done, fail) => {
    target.addEventListener(name, done, {once: true});
    video.addEventListener("error", () => fail(new Error(video.error.message)), {once: true});
  });
  if (whole) {
    video.src = URL.createObjectURL(new Blob([bytes(whole)], {type: "video/mp4"}));
    await event(video, "loadeddata");
  } else {
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await event(source, "sourceopen");
    const buffers = streams.map(stream => source.addSourceBuffer(stream.type));
    for (const [number, stream] of streams.entries())
      for (const part of stream.parts) {
        buffers[number].appendBuffer(bytes(part));
        await event(buffers[number], "updateend");
      }
    source.endOfStream();
  }
  const times = [], marks = [];
  const canvas = new OffscreenCanvas(16, 9).getContext("2d");
  for (const time of seeks) {
    // The first frames told may still be those from before the seek: look until the right one comes, or none.
    let last = null;
    const shown = new Promise((done, fail) => {
      const look = (_, frame) => {
        last = frame.mediaTime;
        if (Math.abs(last - expected[times.length]) < 1e-4) done();
        else video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
      setTimeout(done, 10000);
      video.addEventListener("error", () => fail(new Error(video.error.message)), {once: true});
    });
    video.currentTime = time;
    await shown;
    times.push(last);
    canvas.drawImage(video, 0, 0, 16, 9);
    marks.push([...canvas.getImageData(0, 0, 16, 9).data]);
  }
  const held = video.buffered, ranges = [];
  for (let n = 0; n < held.length; n++) ranges.push([held.start(n), held.end(n)]);
  return {times, marks, ranges};
}"""


async def play(page_input: dict[str, Any]) -> dict[str, Any]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page: Page = await browser.new_page()
            found: dict[str, Any] = await page.evaluate(PAGE, page_input)
            return found
        finally:
            await browser.close()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def stream(lane: Lane, boundaries: list[int], timescale: int, source: Path) -> dict[str, Any]:
    parts = [init_segment(lane)]
    for number, segment in enumerate(cut(lane, boundaries, timescale), 1):
        parts.append(rendered(media_segment(lane, segment.first, segment.stop, number), [source]))
    return {
        "type": f'{lane.kind}/mp4; codecs="{codec_string(lane.entries[0])}"',
        "parts": [text(p) for p in parts],
    }


@pytest.fixture(scope="module", params=["constant", "varying"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(str(request.param)) / "source.mp4"
    vary = ("-vf", VFR, "-fps_mode", "vfr") if request.param == "varying" else ()
    ffmpeg(*picture(4, "30000/1001"), *sound(4), *vary, *X264, *BFRAMES, *AAC, "-ac", "2", path)
    return path


async def test_segments_are_buffered_without_a_hole(source: Path) -> None:
    def prepared() -> dict[str, Any]:
        movie = index(source)
        assert movie.video is not None
        lane, tone = lane_of_track(movie.video), lane_of_track(next(movie.of_kind("audio")))
        boundaries = keyframe_boundaries(lane, 1)
        frames = [float(time) for time, _ in hashes(source, "v:0")]
        streams = [
            stream(lane, boundaries, lane.timescale, source),
            stream(tone, boundaries, lane.timescale, source),
        ]
        middles = [(left + right) / 2 for left, right in pairwise(frames)]
        expected = frames[3:-1:9]
        return {"streams": streams, "whole": None, "seeks": middles[3::9], "expected": expected}

    page_input = await asyncio.to_thread(prepared)
    found = await play(page_input)
    assert len(found["ranges"]) == 1
    start, end = found["ranges"][0]
    assert start == 0
    assert abs(end - 4) < 0.05
    assert found["times"] == pytest.approx(page_input["expected"], abs=1e-4)


async def test_one_file_of_two_encoders_plays(tmp_path: Path) -> None:
    def prepared() -> list[bytes]:
        paths = []
        for name, more in (
            ("a", ()),
            ("b", ("-profile:v", "high", "-coder", "1", "-refs", "4", "-8x8dct", "1")),
        ):
            (tmp_path / name).mkdir()
            # Chromium's demuxer knows one configuration only, so each keyframe has to carry its own.
            headers = ("-x264-params", "repeat-headers=1")
            paths.append(encode_pieces(tmp_path / name, "25", "", (12, 13), *more, *headers))
        one, other = paths
        orders = [one[0], other[1], one[0]], [one[0], one[1], one[0]]
        return [rendered(join(on_timeline(order), 90000), order) for order in orders]

    mixed, plain = await asyncio.to_thread(prepared)
    seeks = [0.02 + 0.16 * number for number in range(9)]
    expected = [time - 0.02 for time in seeks]
    found = await play({"streams": [], "whole": text(mixed), "seeks": seeks, "expected": expected})
    alike = await play({"streams": [], "whole": text(plain), "seeks": seeks, "expected": expected})
    assert found["times"] == pytest.approx(expected, abs=1e-4)
    for ours, theirs in zip(found["marks"], alike["marks"], strict=True):
        # Not the same encoder, but the same picture.
        assert sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(ours) < 2
