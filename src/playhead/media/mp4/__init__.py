"""The index of MP4 and MOV files: which sample lies where, and when it is shown.

    movie = await read_movie(source)        # a few ranged reads, never the media
    video = movie.video
    video.presentation_times                # array('q') in decode order, edit list applied, track ticks
    video.samples.offsets, video.samples.sizes, video.samples.sync
    codec_string(video.sample_entry)        # "avc1.64001f"
    stored = to_bytes(movie)                # of files without such an index; from_bytes(stored) == movie

Standard library arrays, no numpy: a 2 h file's tables take 16-bit to 64-bit numbers that `array` holds as
compactly, its few loops run in C iterators, and the wheel stays 20 MB smaller for every worker.
"""

from playhead.media.mp4.codec import (
    codec_string,
    configuration,
    decoder_config,
    sound_format,
    without_bit_rates,
)
from playhead.media.mp4.keyframes import FIRST_TWO, all_reset, with_keyframes_checked
from playhead.media.mp4.movie import NEVER, Edit, EditSpan, Movie, Track
from playhead.media.mp4.read import IndexLostError, read_movie
from playhead.media.mp4.samples import Runs, Samples
from playhead.media.mp4.stored import UnknownIndexError, from_bytes, to_bytes

__all__ = [
    "FIRST_TWO",
    "NEVER",
    "Edit",
    "EditSpan",
    "IndexLostError",
    "Movie",
    "Runs",
    "Samples",
    "Track",
    "UnknownIndexError",
    "all_reset",
    "codec_string",
    "configuration",
    "decoder_config",
    "from_bytes",
    "read_movie",
    "sound_format",
    "to_bytes",
    "with_keyframes_checked",
    "without_bit_rates",
]
