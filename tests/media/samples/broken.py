"""Broken files: cut, emptied, overwritten, encrypted, or never a video.

Two decisions, so that outcomes are not a matter of luck:

- A file whose own index points beyond its end (MP4 with its sample tables, cut anywhere) is damaged:
  `corrupt_file`. To publish the part that arrived would be a silent lie about the user's video.
- A format made to be cut anywhere (transport and program streams, fragmented MP4, FLV, Ogg, Matroska
  without sizes) is a whole video up to its cut: ready, with the frames that exist.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from tests.media.samples import boxes, bytework
from tests.media.samples.containers import NEW, OLD
from tests.media.samples.flags import AAC, MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Encode, Literal, Recipe, build, edit, tone
from tests.media.samples.sample import Ended, Failed, Outcome, Ready, Sample
from tests.media.samples.timing import FRAGMENTS

CORRUPT = Failed("corrupt_file")
NOT_A_VIDEO = Failed("not_a_video")


def _made(name: str) -> Recipe:
    return next(sample.make for sample in (*NEW, *OLD, *FRAGMENTS) if sample.name == name)


def _broken(
    name: str, filename: str, recipe: Recipe, expect: Outcome | tuple[Outcome, ...], why: str
) -> Sample:
    return Sample(name, "broken", filename, recipe, expect, why)


def _text(name: str, filename: str, content: bytes, why: str) -> Sample:
    return _broken(name, filename, Literal(content), NOT_A_VIDEO, why)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("holiday.mp4"), b"not even a video" * 64)
    return buffer.getvalue()


def _pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Length 11 >>\nstream\n"
        + zlib.compress(b"hello")
        + b"\nendstream\nendobj\n%%EOF\n"
    )


def _still(codec: str) -> Encode:
    return Encode(f"{codec} -update 1 -f image2", Picture(frames=1), ())


NEVER_VIDEOS = (
    _broken("empty", "empty.mp4", Literal(b""), Failed("empty_file"), "zero bytes"),
    _text("one_byte", "one byte.mp4", b"v", "one byte"),
    _text("text", "letter.mp4", b"Dear Sir or Madam,\n\nthis is not a video.\n" * 20, "text named .mp4"),
    _text(
        "html",
        "page.mp4",
        b"<!DOCTYPE html><html><body><video src=x.mp4></video></body></html>\n",
        "an error page saved",
    ),
    _text("json", "answer.mp4", b'{"error": "not found"}\n', "an API's answer saved"),
    _text("zip", "holiday.mp4", _zip(), "a zip archive"),
    _text("pdf", "manual.mp4", _pdf(), "a PDF"),
    _text(
        "program", "setup.mp4", b"\x7fELF\x02\x01\x01" + bytes(9) + bytework.noise(4000, 3), "an ELF program"
    ),
    _broken("noise", "noise.mp4", build(bytework.noise, 100_000, 4), NOT_A_VIDEO, "random bytes"),
    _broken(
        "zeroes",
        "zeroes.mp4",
        build(bytework.zeroes, 100_000),
        (NOT_A_VIDEO, CORRUPT),
        "nothing but zeroes, as a disk recovery tool writes",
    ),
    _text("subtitles", "subtitles.mp4", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "subtitles"),
    _broken("png", "photo.mp4", _still("-c:v png"), NOT_A_VIDEO, "a PNG picture"),
    _broken(
        "jpeg", "photo as video.mp4", _still("-c:v mjpeg -pix_fmt yuvj420p"), NOT_A_VIDEO, "a JPEG picture"
    ),
    _broken("bmp", "paint.mp4", _still("-c:v bmp"), NOT_A_VIDEO, "a BMP picture"),
    _broken(
        "webp",
        "still.mp4",
        Encode("-c:v libwebp -f webp", Picture(frames=1), ()),
        (NOT_A_VIDEO, Failed("unsupported_format")),
        "a WebP picture",
    ),
)


def _cut(
    name: str, filename: str, base: Recipe, share: float, expect: Outcome | tuple[Outcome, ...], why: str
) -> Sample:
    return _broken(f"cut_{name}", filename, edit(base, bytework.keep, share), expect, why)


def _half(seconds: float = 1.0, *, has_audio: bool = True) -> Ready:
    # Where exactly the bytes end is the muxer's matter; that about half of the time is there is the claim.
    return Ready(320, 180, seconds, 0.6, frames=None, has_audio=has_audio)


CUT = (
    _cut("moov_first_10", "interrupted 10.mp4", PLAIN, 0.15, CORRUPT, "the index whole, hardly a frame"),
    _cut("moov_first_50", "interrupted 50.mp4", PLAIN, 0.5, CORRUPT, "the index whole, half of the frames"),
    _cut("moov_first_90", "interrupted 90.mp4", PLAIN, 0.9, CORRUPT, "the index whole, the end missing"),
    _broken(
        "cut_moov_first_last_byte",
        "one byte short.mp4",
        edit(PLAIN, bytework.drop_last, 1),
        CORRUPT,
        "one byte missing",
    ),
    _cut("in_moov", "interrupted early.mp4", PLAIN, 0.02, CORRUPT, "cut inside the index"),
    _cut("moov_last_50", "no index 50.mp4", PLAIN_MOOV_LAST, 0.5, CORRUPT, "the index never arrived"),
    _cut(
        "moov_last_99", "no index 99.mp4", PLAIN_MOOV_LAST, 0.99, CORRUPT, "cut inside the index at the end"
    ),
    _broken(
        "cut_between_fragments",
        "stopped live.mp4",
        edit(_made("fragmented"), boxes.before, "moof", 1),
        _half(),
        "a live recording that stopped between two fragments",
    ),
    _cut(
        "in_fragment",
        "interrupted live.mp4",
        _made("fragmented"),
        0.7,
        (_half(1.5), CORRUPT),
        "a live recording that stopped within a fragment",
    ),
    _cut("ts", "interrupted.ts", _made("mpeg_ts"), 0.5, _half(), "transport stream"),
    _cut("mpg", "interrupted.mpg", _made("mpeg_ps"), 0.5, _half(), "program stream"),
    _cut("flv", "interrupted.flv", _made("flv_h264"), 0.5, _half(), "FLV"),
    _cut("webm_recorded", "tab crashed.webm", _made("webm_recorded"), 0.5, _half(), "WebM without sizes"),
    _cut(
        "ogv",
        "interrupted.ogv",
        _made("ogv"),
        0.5,
        (_half(has_audio=False), CORRUPT),
        "Ogg, cut before its first page of sound",
    ),
    _cut(
        "mkv", "interrupted.mkv", _made("mkv"), 0.5, (_half(), CORRUPT), "Matroska whose segment claims more"
    ),
    _cut("avi", "interrupted.avi", _made("avi_mjpeg"), 0.5, (_half(), CORRUPT), "AVI without its index"),
    _cut("wmv", "interrupted.wmv", _made("wmv"), 0.5, (_half(), CORRUPT), "ASF that claims more"),
    _cut(
        "gif",
        "interrupted.gif",
        _made("gif"),
        0.5,
        (Ready(160, 90, 1.0, 0.6, has_audio=False, marks=False), CORRUPT),
        "half a GIF",
    ),
)

INIT_ONLY = Encode(
    f"{x264()} {AAC} -movflags +frag_keyframe+empty_moov+default_base_moof -f mp4", Picture(), (tone(2),)
)

EMPTIED = (
    _broken(
        "header_only", "header.mp4", edit(PLAIN, boxes.only, "ftyp"), CORRUPT, "an ftyp box and nothing else"
    ),
    _broken(
        "index_only",
        "index.mp4",
        edit(PLAIN, boxes.only, "ftyp", "moov"),
        CORRUPT,
        "an index to bytes that are not there",
    ),
    _broken(
        "media_only", "mdat.mp4", edit(PLAIN, boxes.only, "ftyp", "mdat"), CORRUPT, "bytes without an index"
    ),
    _broken(
        "init_only",
        "init.mp4",
        edit(INIT_ONLY, boxes.only, "ftyp", "moov"),
        Failed("no_frames"),
        "tracks that declare no frame",
    ),
    _broken(
        "no_frames",
        "no frames.mp4",
        edit(PLAIN_MOOV_LAST, boxes.without_samples),
        Failed("no_frames"),
        "sample tables of length zero",
    ),
    _broken(
        "blank_media",
        "blank.mp4",
        edit(PLAIN, boxes.blank, "mdat"),
        (Failed("no_frames"), CORRUPT),
        "every frame's bytes are zeroes",
    ),
    _broken(
        "hole",
        "sparse.mp4",
        edit(PLAIN, bytework.zero, 0.4, 0.7),
        (CORRUPT, Ended()),
        "a hole of zeroes in the middle",
    ),
    _broken(
        "leading_garbage",
        "noise first.mp4",
        edit(PLAIN, bytework.prepend_noise, 512, 5),
        (NOT_A_VIDEO, CORRUPT),
        "noise before an MP4",
    ),
    _broken(
        "matroska_header_only",
        "header.mkv",
        edit(_made("mkv"), bytework.keep, 0.004),
        (CORRUPT, Failed("no_frames")),
        "an EBML header",
    ),
    _broken(
        "unknown_codec",
        "future.mp4",
        edit(PLAIN_MOOV_LAST, boxes.rename_entry, "xv99"),
        Failed("unsupported_codec"),
        "a codec no one has heard of",
    ),
    _broken(
        "encrypted",
        "drm.mp4",
        Encode(
            f"{x264()} {AAC} -encryption_scheme cenc-aes-ctr "
            "-encryption_key 00112233445566778899aabbccddeeff "
            f"-encryption_kid ffeeddccbbaa99887766554433221100 {MP4}"
        ),
        Failed("encrypted_file"),
        "Common Encryption (CENC): the boxes are clear, the frames are not",
    ),
)

SAMPLES: tuple[Sample, ...] = (*NEVER_VIDEOS, *CUT, *EMPTIED)
