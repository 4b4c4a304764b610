import pytest

from playhead.media.ffmpeg.failures import Ending, ToolFailed, classify, failure_of
from playhead.media.ffmpeg.invocation import MIB, Limits
from playhead.model.errors import ERRORS

_LIMITS = Limits(memory_bytes=300 * MIB, cpu_seconds=60, file_bytes=7 * MIB)

# What ffmpeg 5.1 and 8.1 really said, and what it means.
_SAID = {
    "moov atom not found\nin.mp4: Invalid data found when processing input": "corrupt_file",
    "[matroska,webm @ 0x1] EBML header parsing failed": "corrupt_file",
    "[h264 @ 0x1] Error splitting the input into NAL units.": "corrupt_file",
    "Error marking filters as finished": "corrupt_file",
    "Conversion failed!\nInvalid argument": "corrupt_file",
    "[ogg @ 0x562e4ec02240] CRC mismatch!\n[vorbis @ 0x562e4ec2ce00] Extradata missing.": "corrupt_file",
    "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55d0c8] stream 0, timescale not set": "corrupt_file",
    "damaged.mkv: Not yet implemented in FFmpeg, patches welcome": "corrupt_file",
    "damaged.wmv: Operation not permitted": "corrupt_file",
    "Cannot determine format of input stream 0:0 after EOF\nError marking filters as finished": "no_frames",
    "[vf#0:0 @ 0x7f] Cannot determine format of input 0:0 after EOF\nInvalid data found": "no_frames",
    "Output file is empty, nothing was encoded (check -ss / -t / -frames parameters if used)": "no_frames",
    "Stream map '0:v:0' matches no streams.": "no_video_stream",
    "Output file #0 does not contain any stream": "no_video_stream",
    "[file @ 0x1] Protocol 'http' not on whitelist 'file'!\nInvalid argument": "reference_refused",
    "[concat @ 0x1] Unsafe file name '/etc/passwd'": "reference_refused",
    "[hls @ 0x1] URL file:///etc/passwd is not in allowed_extensions": "reference_refused",
    "[hls @ 0x1] Format not on whitelist 'mov'\nin.mp4: Invalid argument": "unsupported_format",
    "[flashsv @ 0x1] Codec (flashsv) not on whitelist 'h264'": "unsupported_codec",
    "Unknown decoder 'libfoo'": "unsupported_codec",
    "[vist#0:0/apng @ 0x7] Decoding requested, but no decoder found for: apng": "unsupported_codec",
    "[asf @ 0x1] DRM protected stream detected, decoding will likely fail!": "encrypted_file",
    "[mov @ 0x1] Incorrect number of samples in encryption info\nInvalid data found": "encrypted_file",
    "[png @ 0x1] Picture size 90000x90000 is invalid\nInvalid data found": "limit_dimensions",
    "[png @ 0x1] Picture size 9000x9000 exceeds specified max pixel count 6": "limit_dimensions",
    "Number of streams exceeds max_streams parameter (64)\nCannot allocate memory": "limit_streams",
    "[matroska,webm @ 0x1] Number of tracks exceeds max_streams (64)": "limit_streams",
    "av_interleaved_write_frame(): No space left on device": "storage_full",
    "in.mp4: Cannot allocate memory": "resource_limit",
    "x264 [error]: malloc of size 220198464 failed\nInvalid data found": "resource_limit",
    "/usr/bin/ffmpeg: error while loading shared libraries: libx264.so: cannot open": "tool_missing",
    "Unrecognized option 'foo'.\nError splitting the argument list: Option not found": "internal_error",
    "Unknown encoder 'libx264'\nInvalid data found": "internal_error",
    "": "internal_error",
    "something nobody has heard of": "internal_error",
}


@pytest.mark.parametrize("messages", _SAID)
def test_vague_words_get_a_clear_code(messages: str) -> None:
    assert classify(messages) == _SAID[messages]
    assert classify(messages) in ERRORS


def test_success_is_no_failure() -> None:
    assert failure_of(Ending(0, 1.0), "some warning", _LIMITS) is None


@pytest.mark.parametrize(
    ("exit_code", "cpu_seconds", "messages", "code", "words"),
    [
        (-11, 1.0, "", "decoder_crashed", "SIGSEGV"),
        (128 + 11, 1.0, "", "decoder_crashed", "SIGSEGV"),  # told by a wrapper
        (-6, 1.0, "Assertion failed", "decoder_crashed", "SIGABRT"),
        (-31, 1.0, "", "decoder_crashed", "SIGSYS"),
        (-24, 60.0, "", "resource_limit", "60 seconds of CPU"),
        (-9, 61.0, "", "resource_limit", "60 seconds of CPU"),
        (-9, 3.0, "", "resource_limit", "300 MiB of memory"),
        (-25, 3.0, "", "resource_limit", "a file of more than 7 MiB"),
        (1, 3.0, "out.mp4: File too large", "resource_limit", "a file of more than 7 MiB"),
        (1, 3.0, "Cannot allocate memory", "resource_limit", "300 MiB of memory"),
        (1, 0.0, "bwrap: No permissions to create new namespace\n", "sandbox_unavailable", "sandbox"),
    ],
)
def test_each_ending_says_which_limit(
    exit_code: int, cpu_seconds: float, messages: str, code: str, words: str
) -> None:
    failure = failure_of(Ending(exit_code, cpu_seconds), messages, _LIMITS)
    assert failure is not None
    assert (failure.code, words in failure.detail) == (code, True)


@pytest.mark.parametrize("exit_code", [1, 69, 183, 187, 234, 244, 254, 255])
def test_exit_codes_of_newer_ffmpeg_are_no_signals(exit_code: int) -> None:
    failure = failure_of(Ending(exit_code, 1.0), "Invalid data found", _LIMITS)
    assert isinstance(failure, ToolFailed)
    assert (failure.code, failure.exit_code) == ("corrupt_file", exit_code)


def test_a_file_cannot_speak_for_the_sandbox() -> None:
    said = "bwrap: I am a title in a hostile file\nInvalid data found when processing input\n"
    failure = failure_of(Ending(1, 1.0), said, _LIMITS)
    assert isinstance(failure, ToolFailed)
    assert failure.code == "corrupt_file"


def test_what_users_see_holds_nothing_of_ffmpegs_words() -> None:
    said = "/srv/secret/path.mp4: Invalid data found"
    failure = failure_of(Ending(1, 1.0), said, _LIMITS)
    assert isinstance(failure, ToolFailed)
    assert failure.messages == said
    assert "secret" not in failure.message + str(failure)
