import asyncio
import random
import time
from pathlib import Path

import pytest

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.sniff import DEMUXERS, HEAD_BYTES, sniff
from playhead.model.errors import ERRORS

_INPUTS = (
    *("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=0.4,format=yuv420p"),
    *("-f", "lavfi", "-i", "sine=duration=0.5"),
)
_PICTURES = ("-map", "0:v")
_SOUND = ("-map", "1:a")
_H264 = ("-c:v", "libx264", "-preset", "ultrafast")

# What real muxers write: the file's name, which chooses the muxer, its arguments, and what we must see.
_REAL = (
    ("a.mp4", (*_PICTURES, *_SOUND, *_H264), "mp4"),
    ("fragmented.mp4", (*_PICTURES, *_H264, "-movflags", "frag_keyframe+empty_moov"), "mp4"),
    ("a.mov", (*_PICTURES, *_H264), "mov"),
    ("a.3gp", (*_PICTURES, *_H264), "mp4"),
    ("a.mkv", (*_PICTURES, *_H264), "matroska"),
    ("a.webm", (*_PICTURES, "-c:v", "libvpx"), "webm"),
    ("a.avi", (*_PICTURES, "-c:v", "mpeg4"), "avi"),
    ("a.ts", (*_PICTURES, *_SOUND, *_H264), "mpegts"),
    ("a.m2ts", (*_PICTURES, *_SOUND, *_H264), "mpegts"),
    ("a.mpg", (*_PICTURES, *_SOUND), "mpegps"),
    ("a.vob", (*_PICTURES, *_SOUND), "mpegps"),
    ("a.wmv", (*_PICTURES,), "asf"),
    ("a.ogv", (*_PICTURES, "-c:v", "libtheora"), "ogg"),
    ("a.flv", (*_PICTURES,), "flv"),
    ("a.mxf", (*_PICTURES, "-c:v", "mpeg2video"), "mxf"),
    ("a.nut", (*_PICTURES,), "nut"),
    ("a.rm", (*_PICTURES, "-c:v", "rv20", "-s", "160x128"), "rm"),
    ("a.dv", (*_PICTURES, "-target", "pal-dv"), "dv"),
    ("a.ivf", (*_PICTURES, "-c:v", "libvpx"), "ivf"),
    ("a.y4m", (*_PICTURES,), "y4m"),
    ("a.gif", (*_PICTURES,), "gif"),
    ("a.apng", (*_PICTURES, "-f", "apng"), "apng"),
    ("a.webp", (*_PICTURES, "-c:v", "libwebp_anim"), "webp"),
    ("a.m2v", (*_PICTURES, "-f", "mpeg2video"), "mpegvideo"),
    ("a.m4v", (*_PICTURES, "-c:v", "mpeg4", "-f", "m4v"), "m4v"),
    ("a.h264", (*_PICTURES, *_H264), "h264"),
    ("a.hevc", (*_PICTURES, "-c:v", "libx265", "-x265-params", "log-level=none"), "hevc"),
    *(
        (f"a.{name}", _SOUND, name)
        for name in ("mp3", "aac", "ac3", "eac3", "flac", "wav", "aiff", "caf", "au")
    ),
    *((f"a.{name}", _SOUND, name) for name in ("w64", "wv", "tta")),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all of them in one run: they share the two inputs."""
    folder = tmp_path_factory.mktemp("made")
    outputs = [argument for name, arguments, _ in _REAL for argument in (*arguments, name)]
    invocation = Invocation("ffmpeg", ("-v", "error", *_INPUTS, *outputs), scratch=folder)
    asyncio.run(run(invocation, sandbox=NoSandbox(find_tools())))
    return folder


@pytest.mark.parametrize(("name", "container"), [(row[0], row[2]) for row in _REAL])
async def test_what_muxers_write_is_known(made: Path, name: str, container: str) -> None:
    whole = (made / name).read_bytes()

    found = sniff(whole[:HEAD_BYTES], len(whole))

    assert (found.container, found.refusal_code) == (container, None)
    assert found.demuxer is not None
    asked = ("-v", "error", "-f", found.demuxer, "-show_entries", "stream=index", "-of", "csv", name)
    probed = await run(Invocation("ffprobe", asked, scratch=made), sandbox=NoSandbox(find_tools()))
    assert b"stream,0" in probed.stdout, "the demuxer that was chosen reads it"
    # Garbage at the end, as left by broken transfers, changes nothing.
    assert sniff((whole + bytes(range(256)) * 8)[:HEAD_BYTES], len(whole) + 2048).container == container


def _ts(packets: int = 40, stride: int = 188) -> bytes:
    packet = b"\x47\x40\x00\x10" + bytes(184)
    return (bytes(stride - 188) + packet if stride == 192 else packet + bytes(stride - 188)) * packets


_MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
_ADTS_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
_ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
_FTYP = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
_PACK = b"\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00\x03\xf8\x00\x00\x01\xbb"

_TAKEN = {
    "transport stream after junk": (b"\x01\x02junk" * 100 + _ts(), "mpegts"),
    "transport stream after zeros": (bytes(1000) + _ts(), "mpegts"),
    "transport stream with time codes": (_ts(stride=192), "mpegts"),
    "transport stream with error correction": (_ts(stride=204), "mpegts"),
    "transport stream after an ID3 tag": (_ID3 + _ts(), "mpegts"),
    "program stream after zeros": (bytes(2048) + _PACK, "mpegps"),
    "program stream cut in a packet": (b"\x55\xaa" * 700 + _PACK, "mpegps"),
    "video CD": (b"RIFF\x24\x00\x00\x00CDXAfmt ", "mpegps"),
    "mp3 after an ID3 tag": (_ID3 + _MP3_FRAME * 4, "mp3"),
    "mp3 after junk": (b"\x00\xff\xff\xfb" * 20 + _MP3_FRAME * 4, "mp3"),
    "a cover picture as large as the head": (b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + b"\xff\xd8" * 2000, "mp3"),
    "aac after an ID3 tag": (_ID3 + _ADTS_FRAME * 4, "aac"),
    "flac after an ID3 tag": (_ID3 + b"fLaC\x00\x00\x00\x22", "flac"),
    "h264 after zeros": (bytes(9) + b"\x01\x67\x42\xc0\x1e", "h264"),
    "h264 with a delimiter first": (b"\x00\x00\x00\x01\x09\x10\x00\x00\x00\x01\x67", "h264"),
    "old quicktime": (b"\x00\x00\x00\x08wide\x00\x10\x00\x00mdat", "mov"),
    "a large mdat first": (b"\x00\x00\x00\x01mdat\x00\x00\x00\x02\x00\x00\x00\x00", "mov"),
    "a fragment alone": (b"\x00\x00\x00\x10styp" + b"msdh\x00\x00\x00\x00" + b"\x00\x00\x00\x08moof", "mp4"),
    "free space before ftyp": (b"\x00\x00\x00\x10free" + bytes(8) + _FTYP, "mp4"),
    "a playlist deep inside of an mp4": (_FTYP + b"\x00\x00\x10\x00free#EXTM3U\nhttp://127.0.0.1/", "mp4"),
    "mxf after a run-in": (b"run-in \x00\x01" * 50 + bytes.fromhex("060e2b34020501010d010201"), "mxf"),
    "webm": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "webm"),
}


@pytest.mark.parametrize("what", _TAKEN)
def test_odd_but_real_files_are_taken(what: str) -> None:
    head, container = _TAKEN[what]
    found = sniff(head, len(head))
    assert (found.container, found.refusal_code, found.sentence) == (container, None, "")
    assert found.demuxer in DEMUXERS


_REFERENCE_TEXTS = {
    "hls": b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/secret\n",
    "hls after blank lines": b"\r\n\n  #EXTM3U\n",
    "hls with a byte order mark": b"\xef\xbb\xbf#EXTM3U\n",
    "hls in UTF-16": b"\xff\xfe" + "#EXTM3U\nfile:///etc/passwd".encode("utf-16-le"),
    "hls before transport packets": b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n' + _ts(),
    "hls in lower case": b"#extm3u\n",
    "hls after an ID3 tag": _ID3 + b"#EXTM3U\n#EXTINF:2,\nfile:/etc/passwd\n",
    "dash": b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://x/</BaseURL>',
    "dash without a declaration": b"<MPD>",
    "dash after a comment": b"<?xml version='1.0'?><!-- hello --><ns:MPD xmlns:ns='x'>",
    "dash with entities": b'<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:/etc/passwd">]><MPD><BaseURL>&x;</BaseURL>',
    "dash with a document type": b'<?xml version="1.0"?>\n<!doctype MPD [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>',
    "interoperable master": b'<?xml version="1.0"?><CompositionPlaylist xmlns="x"><Id>urn:uuid:0</Id>',
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "concat without a header": b"file '/etc/passwd'\n",
    "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "svg after a comment": b'<?xml version="1.0"?><!-- x --><svg>',
    "svg with a doctype": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1/svg11.dtd"><svg>',
    "smooth streaming": b'<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2">',
    "asx": b'<asx version="3.0"><entry><ref href="http://x"/></entry></asx>',
    "xspf": b'<?xml version="1.0"?><playlist version="1"><trackList>',
    "pls": b"[playlist]\nFile1=http://127.0.0.1/\n",
    "windows media reference": b"[Reference]\r\nRef1=http://127.0.0.1/\r\n",
    "vobsub index": b"# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n",
    "a quicktime reference movie": b"\x00\x00\x00\x30moov\x00\x00\x00\x28rmra\x00\x00\x00\x20rmdardrf",
    "an address": b"http://127.0.0.1/x.mp4\n",
    "a subfile address": b"subfile,,start,0,end,100,,:/etc/passwd",
    "a data address": b"data:text/plain,hello",
    "a file address": b"file:/etc/passwd",
}


@pytest.mark.parametrize("what", _REFERENCE_TEXTS)
def test_whatever_refers_to_something_else_is_refused_by_name(what: str) -> None:
    found = sniff(_REFERENCE_TEXTS[what], len(_REFERENCE_TEXTS[what]))
    assert (found.refusal_code, found.demuxer, found.container) == ("reference_refused", None, None)


_REFUSED = {
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_video"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + bytes(21) + b"IDAT acTL", "not_a_video"),
    "webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "not_a_video"),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "not_a_video"),
    "avif": (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif", "not_a_video"),
    "bmp": (b"BM\x8a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01", "not_a_video"),
    "zip": (b"PK\x03\x04\x14\x00", "not_a_video"),
    "tar": (bytes(1) + b"x" * 256 + b"ustar\x0000", "not_a_video"),
    "gzip": (b"\x1f\x8b\x08\x00", "not_a_video"),
    "elf": (b"\x7fELF\x02\x01\x01", "not_a_video"),
    "exe": (b"MZ" + bytes(58) + b"\x40\x00\x00\x00PE\x00\x00", "not_a_video"),
    "script": (b"#!/bin/sh\nrm -rf /\n\x00", "not_a_video"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "not_a_video"),
    "html": (b"<!DOCTYPE html><html><body>", "not_a_video"),
    "json": (b'{"video": true}', "not_a_video"),
    "plain text": ("Grüße aus Köln, Größe 5\n".encode() * 9, "not_a_video"),
    "text in UTF-16": (b"\xff\xfe" + "some text\nin lines".encode("utf-16-le"), "not_a_video"),
    "many letters G": (b"G" * 5000, "not_a_video"),
    "webvtt": (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n", "not_a_video"),
    "subrip": (b"1\r\n00:00:00,000 --> 00:00:01,000\r\nhello\r\n", "not_a_video"),
    "flash": (b"CWS\x0a\x00\x00", "unsupported_format"),
    "another riff": (b"RIFF\x24\x00\x00\x00RMIDdata", "unsupported_format"),
    "nothing": (b"", "empty_file"),
    "zeros": (bytes(70_000), "corrupt_file"),
    "noise": (random.Random(7).randbytes(HEAD_BYTES), "not_a_video"),
    "one byte": (b"\x47", "not_a_video"),
}  # fmt: skip


@pytest.mark.parametrize("what", _REFUSED)
def test_other_files_are_refused_with_a_code_and_a_sentence(what: str) -> None:
    head, code = _REFUSED[what]
    found = sniff(head, len(head))
    assert (found.refusal_code, found.container, found.demuxer) == (code, None, None)
    assert found.refusal_code in ERRORS
    assert found.sentence.endswith(".")


_SLOW = {
    "sync bytes without end": b"\x47\x40\x00\x10" * (HEAD_BYTES // 4),
    "mp3 syncs without end": b"\xff\xfb\x90" * (HEAD_BYTES // 3),
    "nothing but ones": b"\xff" * HEAD_BYTES,
    "ac3 syncs without end": b"\x0b\x77\x00\x00\x00\x40" * (HEAD_BYTES // 6),
    "pack headers without end": b"\x00\x00\x01\xba" * (HEAD_BYTES // 4),
    "smallest boxes without end": b"\x00\x00\x00\x08free" * (HEAD_BYTES // 8),
    "tags without end": b"<a" * (HEAD_BYTES // 2),
    "blanks without end": b" " * HEAD_BYTES,
    "zeros and a one": bytes(HEAD_BYTES - 1) + b"\x01",
    "broken UTF-16": b"\xff\xfe" + b"\x00\xd8" * (HEAD_BYTES // 2),
    "noise": random.Random(3).randbytes(HEAD_BYTES),
}


@pytest.mark.parametrize("what", _SLOW)
def test_no_head_takes_more_than_ten_milliseconds(what: str) -> None:
    spent = []
    for _ in range(5):
        before = time.thread_time()  # CPU time of this thread: others on the machine do not count
        sniff(_SLOW[what], len(_SLOW[what]))
        spent.append(time.thread_time() - before)
    assert min(spent) < 0.010


def test_thousands_of_damaged_heads_always_get_an_answer() -> None:
    chance = random.Random(20261123)
    seeds = [head for head, _ in _TAKEN.values()] + list(_REFERENCE_TEXTS.values()) + list(_SLOW.values())
    for _ in range(4_000):
        head = bytearray(chance.choice(seeds)[: chance.choice((16, 200, 2000))])
        for _ in range(chance.randrange(8)):
            head[chance.randrange(len(head))] = chance.randrange(256)
        found = sniff(bytes(head), len(head))
        assert (found.container is None) == (found.refusal_code in ERRORS)
        assert (found.demuxer is None) == (found.container is None)
