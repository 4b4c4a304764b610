"""Tricks and bombs against the argument lists alone, the sandbox alone, and what plain ffprobe does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playhead.media.ffmpeg.features import inspect
from playhead.media.ffmpeg.hardening import DECODERS, input_arguments
from playhead.media.ffmpeg.run import Invocation, Limits, Outcome, run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.sniff import DEMUXERS, sniff
from playhead.model.errors import PlayheadError
from tests.media.ffmpeg.boxes import MakeSandbox

_LIMITS = Limits(wall_seconds=20, quiet_seconds=10)
_SHOW = ("-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0")


async def _probe(file: Path, sandbox: Sandbox, lists: tuple[str, ...] = (), name: str = "") -> Outcome:
    arguments = (*_SHOW, *lists, name or str(file))
    return await run(Invocation("ffprobe", arguments, reads=(file,), limits=_LIMITS), sandbox=sandbox)


async def _make(folder: Path, *arguments: str) -> None:
    sandbox = NoSandbox(find_tools())
    await run(Invocation("ffmpeg", ("-v", "error", *arguments), scratch=folder), sandbox=sandbox)


@pytest.fixture
async def tenant(tmp_path: Path) -> Path:
    """A folder with another tenant's media, which no probe of ours may open."""
    folder = tmp_path / "tenant"
    folder.mkdir()
    pictures = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=0.4")
    await _make(folder, *pictures, "-c:v", "mpeg2video", "secret.ts")
    await _make(folder, *pictures, "-c:v", "mpeg2video", "secret.mpg")
    return folder


_TRICKS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tenant}/secret.ts\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile secret.ts\n",
}


def _trick(kind: str, tenant: Path) -> Path:
    # A playlist beside media, as when a tenant's folder is the worker's folder.
    file = tenant / "upload.mp4"
    file.write_text(_TRICKS[kind].format(tenant=tenant))
    return file


@pytest.mark.parametrize("kind", _TRICKS)
async def test_plain_ffprobe_reads_another_tenants_media(tenant: Path, kind: str) -> None:
    outcome = await _probe(_trick(kind, tenant), NoSandbox(find_tools()))
    assert outcome.stdout.startswith(b"mpeg2video")


@pytest.mark.parametrize("kind", _TRICKS)
@pytest.mark.parametrize("demuxer", [None, "mov", "mpegts"])
async def test_the_lists_alone_refuse(tenant: Path, kind: str, demuxer: str | None) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _probe(_trick(kind, tenant), NoSandbox(find_tools()), input_arguments(demuxer))
    assert raised.value.code in ("unsupported_format", "corrupt_file", "reference_refused")


@pytest.mark.parametrize("kind", _TRICKS)
async def test_the_sandbox_alone_refuses(tenant: Path, kind: str, box: MakeSandbox) -> None:
    with pytest.raises(PlayheadError) as raised:
        await _probe(_trick(kind, tenant), box(find_tools()))
    # It opens nothing, and says so in the words it has for a missing file.
    assert raised.value.code in ("corrupt_file", "reference_refused", "internal_error")


@pytest.mark.parametrize("kind", _TRICKS)
def test_the_sniffer_alone_refuses(tmp_path: Path, kind: str) -> None:
    text = _TRICKS[kind].encode()
    assert sniff(text, len(text)).refusal_code == "reference_refused"


@pytest.fixture
async def contacts() -> AsyncIterator[tuple[int, list[str]]]:
    met: list[str] = []

    def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append("connection")
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], met


async def test_no_address_is_contacted(
    tmp_path: Path, contacts: tuple[int, list[str]], box: MakeSandbox
) -> None:
    port, met = contacts
    address = f"http://127.0.0.1:{port}/playlist.m3u8"
    file = tmp_path / "upload.mp4"
    file.write_text(f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
    tools = find_tools()
    plain, boxed, none = NoSandbox(tools), box(tools), ()
    for sandbox, lists in ((plain, input_arguments(None)), (boxed, none), (boxed, input_arguments("mov"))):
        for name in ("", address):  # the playlist, and worse: an address in place of the file
            with pytest.raises(PlayheadError):
                await _probe(file, sandbox, lists, name)
    assert met == []
    with pytest.raises(PlayheadError):
        await _probe(file, NoSandbox(tools), (), address)
    assert met == ["connection"], "the listener does count"


async def test_a_stream_bomb_is_refused_by_name(tmp_path: Path) -> None:
    maps = [argument for _ in range(70) for argument in ("-map", "0")]
    silence = ("-f", "lavfi", "-i", "anullsrc", "-t", "0.1")
    await _make(tmp_path, *silence, *maps, "-c:a", "pcm_s16le", "bomb.mkv")
    with pytest.raises(PlayheadError) as raised:
        await _probe(tmp_path / "bomb.mkv", NoSandbox(find_tools()), input_arguments("matroska"))
    assert raised.value.code == "limit_streams"


async def test_a_pixel_bomb_is_refused_by_the_decoder_itself(tmp_path: Path) -> None:
    giant = ("-f", "lavfi", "-i", "color=size=9000x9000", "-frames:v", "1")
    await _make(tmp_path, *giant, "-c:v", "mjpeg", "bomb.avi")
    decode = ("-v", "error", *input_arguments("avi"), "-i", str(tmp_path / "bomb.avi"), "-f", "null", "-")
    with pytest.raises(PlayheadError) as raised:
        await run(Invocation("ffmpeg", decode, limits=_LIMITS), sandbox=NoSandbox(find_tools()))
    assert raised.value.code == "limit_dimensions"


async def test_a_codec_off_the_list_is_refused_by_name(tmp_path: Path) -> None:
    pictures = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=0.2")
    await _make(tmp_path, *pictures, "-c:v", "flashsv", "screen.flv")
    decode = ("-v", "error", *input_arguments("flv"), "-i", str(tmp_path / "screen.flv"), "-f", "null", "-")
    with pytest.raises(PlayheadError) as raised:
        await run(Invocation("ffmpeg", decode, limits=_LIMITS), sandbox=NoSandbox(find_tools()))
    assert raised.value.code == "unsupported_codec"


async def test_every_name_on_the_lists_is_ffmpegs() -> None:
    features = await inspect(find_tools())
    assert set(DEMUXERS) - features.demuxers == set()
    # These come with other builds or newer versions.
    elsewhere = {"vvc", "libfdk_aac", "libopencore_amrnb", "libopencore_amrwb"}
    assert set(DECODERS) - features.decoders - elsewhere == set()


def test_the_input_is_the_only_way_in() -> None:
    lists = input_arguments("mov")
    assert lists[lists.index("-protocol_whitelist") + 1] == "file"
    assert lists[lists.index("-format_whitelist") + 1] == "mov"
    assert lists[-2:] == ("-f", "mov")
    lists = input_arguments(None)
    assert lists[lists.index("-protocol_whitelist") + 1] == "file"
    assert "-f" not in lists
    assert not {"hls", "dash", "concat", "sdp", "image2", "rtsp", "lavfi", "tty"} & set(DEMUXERS)
