"""The arguments that encode one chunk of a source for several tracks, from one decode. Pure; golden-tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg import pictures
from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.model.plan import BUFFER_SECONDS, TIMESCALE, Chunk, Plan, PlannedRendition

AUDIO_BIT_RATE = 128_000
"""Bits per second of the sound."""
AUDIO_RATES = (44_100, 48_000)
"""Sample rates every player takes; others are converted to the last of these."""


@dataclass(frozen=True)
class ChunkInput:
    """What a chunk is encoded from."""

    path: Path
    stream: int
    guards: tuple[str, ...]
    """The input's hardening arguments."""
    safely: bool = False
    """The second try: decode from the start whatever the plan says, and lay what comes out on a constant rate,
    so that frames which seeking missed, or decoding lost or mistimed, are filled by their neighbours."""


def chunk_invocation(
    source: ChunkInput,
    plan: Plan,
    chunk: Chunk,
    outputs: Sequence[tuple[PlannedRendition, Path]],
    limits: Limits,
) -> Invocation:
    """Encode one chunk for every track of `outputs`, largest first, from one decode.

    Each output is an MP4 of one video track whose first frame is shown at 0, with a closed GOP starting at
    each time of the chunk's grid. All output paths share a folder, the invocation's scratch.
    """
    graph = ";".join(_graph(source, plan, chunk, [track for track, _ in outputs]))
    arguments = [
        *("-hide_banner", "-v", "error"),
        "-y",  # the scratch folder is this attempt's own
        *_input(source, plan, chunk),
        *("-filter_complex", graph),
    ]
    for number, (track, path) in enumerate(outputs):
        arguments += [*("-map", f"[v{number}]"), *_video_codec(plan, chunk, track), str(path)]
    return Invocation(
        "ffmpeg", tuple(arguments), reads=(source.path,), scratch=outputs[0][1].parent, limits=limits
    )


def audio_invocation(
    source: ChunkInput,
    plan: Plan,
    output: Path,
    sample_rate: int,
    lasts: float | None,
    limits: Limits,
    loudness: str = "",
    *,
    cuts: Sequence[float] = (),
    filled: bool = False,
) -> Invocation:
    """Encode a whole sound as stereo AAC, its first sample at the timeline's beginning.

    `lasts` is when it ends from there, in seconds, as its packets promise; None when they cannot. `loudness` is
    a filter of `loudness.normalising`, where that is wanted. With `cuts`, in seconds, the same packets are also
    written to files of their own, `stretch_name(0)` and so on, cut at about these times; each is whole once the
    next one is there. `filled` is for a second try: silence goes on to when the sound should have ended.
    """
    rate = encoded_rate(sample_rate)
    # Measured as stereo, so turned up as stereo: mixing down changes how loud it is.
    louder = f",aformat=channel_layouts=stereo,{loudness}" if loudness else ""
    shift = f"asetpts=PTS-{plan.origin_seconds!r}/TB," if plan.trusted_timestamps else ""
    arguments = (
        *("-hide_banner", "-v", "error"),
        "-y",  # the scratch folder is this attempt's own
        # The source's own clock, so that sound and picture are laid on one timeline.
        *(("-copyts",) if plan.trusted_timestamps else ()),
        *source.guards,
        *("-i", str(source.path)),
        *("-map", f"0:{source.stream}"),
        # Gaps are filled with silence and a late start is padded, an early one cut, so that sound and
        # picture share one zero; `async=1` never stretches what is there.
        # What a damaged source lacks at its end is silence too.
        *("-af", f"{shift}aresample=async=1:min_hard_comp=0.1:first_pts=0{louder}{_padded(lasts, filled)}"),
        *("-c:a", "aac", "-b:a", str(AUDIO_BIT_RATE)),
        *("-ac", "2"),  # what every player and browser can play
        *("-ar", str(rate)),
        # No more than its packets promise, and a second: silence is made for every gap, however long.
        *(("-t", f"{lasts + 1:.3f}") if lasts is not None else ()),
        *_clean_output(),
        *(_in_stretches(output, cuts) if cuts else ("-f", "mp4", str(output))),
    )
    return Invocation("ffmpeg", arguments, reads=(source.path,), scratch=output.parent, limits=limits)


def encoded_rate(sample_rate: int) -> int:
    """Samples a second that a sound of so many is encoded with."""
    return sample_rate if sample_rate in AUDIO_RATES else AUDIO_RATES[-1]


def stretch_name(number: int | str) -> str:
    """The file, beside that of the whole sound, of one stretch of it."""
    return f"stretch-{number}.mp4"


def _padded(lasts: float | None, filled: bool) -> str:
    return f",apad=whole_dur={lasts:.6f}" if filled and lasts is not None else ""


def _in_stretches(output: Path, cuts: Sequence[float]) -> tuple[str, ...]:
    """One encoder, whose packets go to two muxers: whatever is made of the stretches is made of the whole too.

    Names are relative, for a folder's name may hold what separates outputs; ffmpeg runs in the scratch folder.
    """
    times = ",".join(f"{each:g}" for each in cuts)
    segment = f"f=segment:segment_format=mp4:segment_times={times}"
    return ("-f", "tee", f"[f=mp4]{output.name}|[{segment}]{stretch_name('%d')}")


def _input(source: ChunkInput, plan: Plan, chunk: Chunk) -> list[str]:
    arguments: list[str] = []
    if plan.trusted_timestamps:
        # Keep the source's own clock, so that frames are picked by the timestamps the plan was made of.
        arguments.append("-copyts")
    if chunk.seek_seconds is not None and not source.safely:
        arguments += [
            "-noaccurate_seek",  # the trim filter picks the first frame, exactly
            "-seek_timestamp",  # the plan's times are the source's own, not counted from its start
            "1",
            *("-ss", f"{chunk.seek_seconds:.6f}"),
        ]
    if not plan.drawn:
        # A picture that changes its size midway: the scaler follows by itself, while a graph made anew would
        # forget which frames it has let through. Filters of sound do not follow, and are made anew.
        arguments += ["-reinit_filter", "0"]
    chosen = pictures.decoded(plan.decoder, source.stream)
    return [*arguments, *source.guards, *chosen, "-i", str(source.path)]


def _graph(source: ChunkInput, plan: Plan, chunk: Chunk, tracks: Sequence[PlannedRendition]) -> list[str]:
    """One decode, then a cascade: each size is scaled from the next larger one, which costs least."""
    head = f"[0:{source.stream}]{_pick(source, plan, chunk)},"
    links = []
    for number, track in enumerate(tracks):
        if number == 0:
            made = [*pictures.seen(plan), *pictures.sized(plan, track.width, track.height)]
        else:
            made = [pictures.resized(track.width, track.height)]
        # Eight bits, 4:2:0, square pixels: what every player can play.
        link = head + ",".join([*made, "format=yuv420p", "setsar=1"])
        last = number == len(tracks) - 1
        links.append(link + (f"[v{number}]" if last else f",split=2[v{number}][next{number}]"))
        head = f"[next{number}]"
    return links


def _pick(source: ChunkInput, plan: Plan, chunk: Chunk) -> str:
    """The filters that let exactly the chunk's frames through, with times in ticks since its first frame."""
    on_ticks = f"settb=1/{TIMESCALE}"
    if plan.drawn:
        # One picture, repeated: its copies cost an encoder next to nothing.
        again = f"loop=loop={_frames(plan, chunk) - 1}:size=1"
        return f"{pictures.drawn(plan)},{again},settb={plan.frame_rate[1]}/{plan.frame_rate[0]},setpts=N,{on_ticks}"
    if plan.timing == "source" and source.safely:
        return f"{_evenly(plan, chunk)},setpts=PTS-STARTPTS,{on_ticks}"
    if plan.timing == "source":
        end = "" if chunk.source_end is None else f":end_pts={chunk.source_end}"
        # First to the timeline's zero in the source's ticks, then to ours, as the plan rounds them.
        zero = f"PTS-{plan.origin_ticks}"
        if chunk.number == 0:  # the first frame is shown from the beginning, even if sound began before it
            zero = f"'if(eq(N,0),0,{zero})'"
        return f"trim=start_pts={chunk.source_start}{end},setpts={zero},{on_ticks},setpts=PTS-{chunk.start}"
    if chunk.seek_seconds is not None and not source.safely:
        return f"{_evenly(plan, chunk)},setpts=PTS-STARTPTS,{on_ticks}"
    # Bounded in the last chunk too: a clock that tears makes millions of copies of one frame.
    numbers = f"trim=start_frame={chunk.source_start}:end_frame={chunk.source_start + _frames(plan, chunk)}"
    if plan.timing == "numbered":
        return f"{numbers},settb={plan.frame_rate[1]}/{plan.frame_rate[0]},setpts=N,{on_ticks}"
    start = f":start_time={plan.origin_seconds!r}" if plan.trusted_timestamps else ""
    rate = f"{plan.frame_rate[0]}/{plan.frame_rate[1]}"
    return f"fps={rate}{start},{numbers},setpts=PTS-STARTPTS,{on_ticks}"


def _evenly(plan: Plan, chunk: Chunk) -> str:
    """Frames at the plan's rate from the chunk's first moment to its last, whatever is decoded before it."""
    rate = f"{plan.frame_rate[0]}/{plan.frame_rate[1]}"
    start = plan.origin_seconds + chunk.start / TIMESCALE
    return f"fps={rate}:start_time={start:.6f},trim=end_frame={_frames(plan, chunk)}"


def _frames(plan: Plan, chunk: Chunk) -> int:
    """How many frames the chunk has at the plan's rate."""
    if plan.drawn:
        return chunk.frames or 1
    return max(1, round((chunk.end - chunk.start) * plan.frame_rate[0] / (TIMESCALE * plan.frame_rate[1])))


def _video_codec(plan: Plan, chunk: Chunk, track: PlannedRendition) -> list[str]:
    rate = max(1, round(plan.frame_rate[0] / plan.frame_rate[1]))
    # A millisecond early: the encoder starts a GOP at the first frame at or after each of these times.
    forced = ",".join(f"{max(0.0, (time - chunk.start) / TIMESCALE - 0.001):.6f}" for time in chunk.grid)
    return [
        *("-c:v", "libx264"),
        *("-preset", "veryfast"),  # half to a third of `medium`'s time for a fifth more bits
        *("-crf", str(track.crf)),  # constant quality…
        *("-maxrate", str(track.max_bit_rate)),  # …under a ceiling that a viewer's line can carry…
        *("-bufsize", str(BUFFER_SECONDS * track.max_bit_rate)),  # …measured over two seconds
        *("-profile:v", track.profile, "-level:v", track.level),  # the same header in every piece
        *("-force_key_frames", forced, "-forced-idr", "1"),  # closed GOPs, on the plan's grid
        *("-g", str(rate * 600), "-keyint_min", "1"),  # no other key frames: none by count…
        *("-sc_threshold", "0"),  # …and none by scene
        *("-x264-params", "open-gop=0:stitchable=1"),  # pieces of separate encodes share one set of headers
        *("-fps_mode", "passthrough"),  # no frame is dropped or doubled behind the plan's back…
        *("-frames:v", str(_most_frames(plan, chunk))),  # …and no more are made, whatever the source says
        *("-enc_time_base", f"1:{TIMESCALE}"),  # or times would be rounded to whole frames
        *("-video_track_timescale", str(TIMESCALE)),
        # What the scaler has made of it, whatever the source was.
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
        *_clean_output(),
        *("-f", "mp4"),
    ]


def _most_frames(plan: Plan, chunk: Chunk) -> int:
    """One more than there should be, so that verifying notices when there are more."""
    if plan.drawn:
        return _frames(plan, chunk)  # where the sound changes its form, the waveform is that of its first
    return max(chunk.frames or 0, _frames(plan, chunk)) + 1


def _clean_output() -> tuple[str, ...]:
    return (
        *("-map_metadata", "-1", "-map_chapters", "-1"),  # a stranger's tags do not travel on
        *("-fflags", "+bitexact"),  # no encoder version or date: the same input gives the same bytes
    )
