"""Why a run failed: from exit status and ffmpeg's own words to one code of the error table.

ffmpeg's messages are too vague for users and may hold paths or a hostile file's metadata, so they never
leave this package but as `ToolFailed.messages`, for logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from signal import Signals

from playhead.media.ffmpeg.invocation import MIB, Limits
from playhead.model.errors import PlayheadError

# First match wins: causes before their consequences, since ffmpeg reports both.
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # ffmpeg's way to refuse one more stream is to claim that memory ran out.
    ("limit_streams", ("Number of (?:streams|tracks) exceeds max_streams",)),
    # The machine.
    ("storage_full", ("No space left on device", "Disk quota exceeded")),
    ("resource_limit", ("Cannot allocate memory", "Out of memory", r"malloc of size \d+ failed")),
    ("resource_limit", ("failed to map segment", "Resource temporarily unavailable")),
    ("tool_missing", ("error while loading shared libraries",)),
    # Tricks: a demuxer that wants a protocol or a file outside of what it was given.
    ("reference_refused", (r"Protocol '[^']*' not on whitelist", "No default whitelist set")),
    ("reference_refused", ("Unsafe file name", "is not in allowed_", "not a common multimedia extension")),
    ("unsupported_format", ("Format not on whitelist", "Unknown input format")),
    # Codecs.
    ("unsupported_codec", (r"Codec \([^)]*\) not on whitelist", "no decoder found for")),
    ("unsupported_codec", ("[Uu]nknown decoder", r"Decoder \(.{1,60}\) not found")),
    ("encrypted_file", ("(?i:encrypted|encryption info|decryption key|DRM protected)",)),
    ("limit_dimensions", ("exceeds specified max pixel count", r"Picture size \d+x\d+ is invalid")),
    # Arguments of ours that this ffmpeg does not take: our mistake, whatever follows from it.
    ("internal_error", ("Unrecognized option", "Option .{1,60} not found", "Error parsing options")),
    ("internal_error", ("Unknown encoder", "No such filter")),
    # What is, or is not, in the file.
    ("no_video_stream", ("matches no streams", "does not contain any stream")),
    ("no_frames", ("Output file is empty", "nothing was written into output")),
    ("no_frames", ("Cannot determine format of input",)),
    ("corrupt_file", ("Invalid data found", "moov atom not found", "EBML header parsing failed")),
    ("corrupt_file", ("(?i:could not find codec parameters|truncat|corrupt|damaged|header missing)",)),
    ("corrupt_file", ("Error marking filters as finished", "Error while decoding", "Error splitting")),
    (
        "corrupt_file",
        ("End of file", "partial file", "error reading header", "missing picture in access"),
    ),
    # ffmpeg says only this of values in the file that no muxer or filter can take.
    ("corrupt_file", ("Invalid argument", "Numerical result out of range", "Value too large")),
    # What a demuxer gives up as not written yet is seen of broken files; old ones give -1, which reads as EPERM.
    ("corrupt_file", ("Not yet implemented in FFmpeg", "Operation not permitted")),
    # ffprobe ends without a word of its own when a stream cannot be opened. What a part of ffmpeg has said before is
    # about the bytes it was given: what is wrong with our arguments stands above.
    ("corrupt_file", (r"(?m:^\[[\w,]+ @ 0x[0-9a-f]+\] )",)),
)
_TABLE = tuple((re.compile("|".join(phrases)), code) for code, phrases in _PHRASES)

# Wrappers and shells report a death by signal N as exit code 128 + N.
_SIGNAL_BASE = 128
_NOTED = 2000
"""Characters of a tool's last words that go with its failure to the logs."""
_SANDBOX_SPEAKERS = ("bwrap: ", "prlimit: ", "setpriv: ", "nice: ", "sandbox: ")
_FAULTS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS")
_LIMITS = ("SIGKILL", "SIGXCPU", "SIGXFSZ")
_KERNEL_SENDS = frozenset(Signals[name] for name in _FAULTS + _LIMITS)


class ToolFailed(PlayheadError):  # noqa: N818 - named for the event, as the design does
    """ffmpeg or ffprobe ended with a failure of its own; `code` is what it means for a user."""

    def __init__(self, code: str, *, exit_code: int, messages: str) -> None:
        super().__init__(code)
        self.exit_code = exit_code
        self.messages = messages
        """The last of stderr: for logs only, never for users."""
        if messages.strip():
            self.add_note(messages.strip()[-_NOTED:])


@dataclass(frozen=True)
class Ending:
    """How a process ended, as the kernel tells it."""

    exit_code: int
    """Negative: died by that signal."""
    cpu_seconds: float


def classify(messages: str) -> str:
    """Return the code of the error table for ffmpeg's messages; `internal_error` for words not known here."""
    for pattern, code in _TABLE:
        if pattern.search(messages):
            return code
    return "internal_error"


def failure_of(ending: Ending, messages: str, limits: Limits) -> PlayheadError | None:
    """Return what a finished process failed of; None when it succeeded."""
    if ending.exit_code == 0:
        # ffmpeg 5.1 ends well even when the disk was too full for the end of a file.
        full = classify(messages) == "storage_full"
        return ToolFailed("storage_full", exit_code=0, messages=messages) if full else None
    signal = _signal_of(ending.exit_code)
    if signal is Signals.SIGXCPU or (signal is Signals.SIGKILL and ending.cpu_seconds >= limits.cpu_seconds):
        return over_cpu(limits)
    if signal is Signals.SIGXFSZ or "File too large" in messages:
        return over_file_size(limits)
    if signal is Signals.SIGKILL:
        # Not ours, or we would know: the kernel's last resort when memory runs out.
        return over_memory(limits)
    if signal is not None:
        return PlayheadError("decoder_crashed", f"The decoder crashed on this file ({signal.name}).")
    if _is_sandbox_speaking(messages):
        unavailable = PlayheadError("sandbox_unavailable", "The sandbox for media tools could not be set up.")
        unavailable.add_note(messages.strip())  # for the operator: it may hold paths
        return unavailable
    code = classify(messages)
    if code == "resource_limit":
        return over_memory(limits)
    return ToolFailed(code, exit_code=ending.exit_code, messages=messages)


def over_memory(limits: Limits) -> PlayheadError:
    """Return the failure of a process that needed more memory than it may have."""
    return _over(f"more than {limits.memory_bytes // MIB} MiB of memory")


def over_cpu(limits: Limits) -> PlayheadError:
    """Return the failure of a process that used up its CPU time."""
    return _over(f"more than {limits.cpu_seconds} seconds of CPU time")


def over_file_size(limits: Limits) -> PlayheadError:
    """Return the failure of a process that wrote too large a file."""
    return _over(f"a file of more than {limits.file_bytes // MIB} MiB")


def over_scratch(limits: Limits) -> PlayheadError:
    """Return the failure of a process that filled its scratch folder."""
    return _over(f"more than {limits.scratch_bytes // MIB} MiB of scratch space")


def over_output(limits: Limits) -> PlayheadError:
    """Return the failure of a process that wrote too much to stdout."""
    return _over(f"more than {limits.stdout_bytes // MIB} MiB of output")


def over_threads(limits: Limits) -> PlayheadError:
    """Return the failure of a process that started too many threads or processes."""
    return _over(f"more than {limits.threads} threads")


def over_wall_time(limits: Limits) -> PlayheadError:
    """Return the failure of a process that took too long."""
    return _stuck(f"Decoding took longer than {limits.wall_seconds:g} seconds and was stopped.")


def quiet_too_long(limits: Limits) -> PlayheadError:
    """Return the failure of a process that stopped getting anywhere."""
    return _stuck(f"Decoding made no progress for {limits.quiet_seconds:g} seconds and was stopped.")


def _stuck(sentence: str) -> PlayheadError:
    return PlayheadError("decode_timeout", sentence)


def _over(what: str) -> PlayheadError:
    return PlayheadError("resource_limit", f"Processing this file needed {what}, which is the limit here.")


def _signal_of(exit_code: int) -> Signals | None:
    if exit_code < 0:
        return Signals(-exit_code)
    number = exit_code - _SIGNAL_BASE
    # Only those a kernel sends: newer ffmpeg exits with errno-like codes of the same size.
    return next((signal for signal in _KERNEL_SENDS if signal == number), None)


def _is_sandbox_speaking(messages: str) -> bool:
    # All of stderr, and one line: a hostile file can make ffmpeg print such a line, but not it alone.
    lines = messages.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith(_SANDBOX_SPEAKERS)
