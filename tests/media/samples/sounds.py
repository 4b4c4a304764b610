"""Odd but legal, part three: sound of every kind and number, or none; and files that are only sound."""

from __future__ import annotations

from tests.media.samples.flags import AAC, FASTSTART, H264_MP4, MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.recipes import Encode, tone
from tests.media.samples.sample import Ready, Sample

AS_USUAL = Ready(320, 180, 2.0, frames=50)
WAVEFORM = Ready(1920, 1080, 2.0, marks=False, only_sound=True)
"""What becomes of two seconds of sound: a still of its waveform, a frame a second, two or three of them."""
COVER = Picture(200, 200, frames=1)


def _sound(name: str, filename: str, source: str, out: str, why: str, expect: Ready = AS_USUAL) -> Sample:
    return Sample(f"sound_{name}", "odd", filename, Encode(f"{x264()} {out}", lavfi=(source,)), expect, why)


def _only_sound(name: str, filename: str, out: str, why: str, picture: Picture | None = None) -> Sample:
    recipe = Encode(out, picture, (tone(2),))
    return Sample(f"only_sound_{name}", "odd", filename, recipe, WAVEFORM, why)


THREE_TRACKS = (
    f"-map 0:v -map 1:a -map 2:a -map 3:a {x264()} {AAC} {FASTSTART} "
    "-metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:a:2 language=jpn "
    "-disposition:a:1 default -disposition:a:0 0"
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "no_audio",
        "odd",
        "silent film.mp4",
        Encode(f"{x264()} {FASTSTART}", lavfi=()),
        Ready(320, 180, 2.0, frames=50, has_audio=False),
        "pictures only",
    ),
    _sound("mono", "mono.mp4", tone(2, layout="mono"), f"{AAC} {FASTSTART}", "one channel"),
    _sound("5_1", "surround.mp4", tone(2, layout="5.1"), f"-c:a aac {FASTSTART}", "six channels"),
    _sound("7_1", "cinema.mp4", tone(2, layout="7.1"), f"-c:a aac {FASTSTART}", "eight channels"),
    _sound(
        "quad", "quad.mkv", tone(2, layout="quad"), "-c:a flac -f matroska", "a layout no AAC preset names"
    ),
    _sound("8_khz", "phone.mp4", tone(2, rate=8_000, layout="mono"), f"{AAC} {FASTSTART}", "telephone rate"),
    _sound("96_khz", "studio.mkv", tone(2, rate=96_000), "-c:a flac -f matroska", "studio rate"),
    _sound("ac3", "broadcast.mp4", tone(2, layout="5.1"), f"-c:a ac3 {FASTSTART}", "AC-3 5.1"),
    _sound("mp3", "mp3 inside.mp4", tone(2), f"-c:a libmp3lame {FASTSTART}", "MP3 in MP4"),
    _sound("opus", "opus inside.mp4", tone(2), f"-c:a libopus {FASTSTART}", "Opus in MP4, with pre-skip"),
    _sound("pcm", "camera.mov", tone(2), "-c:a pcm_s16le -f mov", "uncompressed, as cameras write it"),
    _sound("alac", "alac.mov", tone(2), "-c:a alac -f mov", "Apple lossless"),
    Sample(
        "sound_three_tracks",
        "odd",
        "three languages.mp4",
        Encode(THREE_TRACKS, lavfi=(tone(2, hz=440), tone(2, hz=660), tone(2, hz=880))),
        AS_USUAL,
        "English, German (the default) and Japanese",
    ),
    Sample(
        "sound_longer",
        "odd",
        "sound longer.mp4",
        Encode(H264_MP4, lavfi=(tone(4),)),
        Ready(320, 180, 4.0, frames=None),
        "sound goes on for two seconds after the last frame",
    ),
    Sample(
        "sound_shorter",
        "odd",
        "sound shorter.mp4",
        Encode(H264_MP4, lavfi=(tone(0.7),)),
        AS_USUAL,
        "sound ends long before the pictures",
    ),
    Sample(
        "sound_late",
        "odd",
        "sound late.mp4",
        Encode(f"-af asetpts=PTS+0.5/TB {x264()} {AAC} {MP4}", lavfi=(tone(1.5),)),
        Ready(320, 180, 2.0, frames=50, sound_starts_seconds=0.5),
        "sound starts half a second in, by an empty edit",
    ),
    Sample(
        "sound_early",
        "odd",
        "sound early.mp4",
        # passthrough: or the half second before the first picture would be filled with copies of it
        Encode(f"-vf setpts=PTS+0.5/TB -fps_mode passthrough {x264()} {AAC} {MP4}", lavfi=(tone(2.5),)),
        # Shown from the presentation's beginning: no sound is lost, and nothing is blank.
        Ready(320, 180, 2.5, frames=None),
        "half a second of sound before the first picture, which is then shown from the beginning",
    ),
    Sample(
        "sound_gap",
        "odd",
        "sound gap.mkv",
        Encode(
            f"""{x264()} -af "aselect='lt(t,0.6)+gt(t,1.4)'" -c:a pcm_s16le -f matroska""",
        ),
        AS_USUAL,
        "no audio packets for 0.8 s in the middle",
    ),
    Sample(
        "sound_unknown",
        "odd",
        "answering machine.avi",
        Encode(f"{x264('-bf 0')} -c:a g723_1 -ar 8000 -ac 1 -b:a 6300 -f avi"),
        Ready(320, 180, 2.0, frames=50, has_audio=False),
        "sound in a codec that is not on the list: the pictures play in silence",
    ),
    _only_sound("mp3", "song.mp3", "-c:a libmp3lame -f mp3", "MP3"),
    _only_sound("m4a", "song.m4a", f"{AAC} -f ipod", "AAC in M4A"),
    _only_sound("mp4", "song.mp4", f"{AAC} {MP4}", "AAC in MP4"),
    _only_sound("wav", "song.wav", "-c:a pcm_s16le -f wav", "WAV"),
    _only_sound(
        "aac", "song.aac", "-c:a aac -f adts", "AAC without a container, which has no times of its own"
    ),
    _only_sound("opus", "voice.opus", "-c:a libopus -f opus", "Opus in Ogg"),
    _only_sound("flac", "song.flac", "-c:a flac -f flac", "FLAC"),
    _only_sound("alac", "song.m4a", "-c:a alac -f ipod", "Apple lossless, which no browser plays"),
    _only_sound("aiff", "song.aiff", "-c:a pcm_s16be -f aiff", "AIFF"),
    _only_sound("ogg", "song.ogg", "-c:a libvorbis -f ogg", "Vorbis"),
    _only_sound("flac_as_mp4", "song as video.mp4", "-c:a flac -f flac", "FLAC under a video's name"),
    _only_sound("webm", "voice.webm", "-c:a libopus -f webm", "what a browser records from a microphone"),
    _only_sound(
        "mp3_with_cover",
        "album.mp3",
        "-map 1:a -map 0:v -c:a libmp3lame -c:v png -disposition:v attached_pic -f mp3",
        "cover art is not a video",
        COVER,
    ),
    _only_sound(
        "m4a_with_cover",
        "album.m4a",
        f"-map 1:a -map 0:v {AAC} -c:v mjpeg -pix_fmt yuvj420p -disposition:v attached_pic -f ipod",
        "cover art in MP4",
        COVER,
    ),
    Sample(
        "video_with_cover",
        "odd",
        "with cover.mp4",
        Encode(
            "-map 0:v -map 1:a -map 2:v -c copy -disposition:v:1 attached_pic -f mp4",
            None,
            (),
            (
                Encode(f"{x264()} {MP4}", lavfi=()),
                Encode(f"{AAC} {MP4}", None, (tone(2),)),
                Encode("-c:v mjpeg -pix_fmt yuvj420p -f mjpeg", COVER, ()),
            ),
        ),
        AS_USUAL,
        "the film, not its cover, is the video",
    ),
)
