"""The error table: every failure a user can meet, with its HTTP status and what to do about it.

A code never changes its meaning once released. Each has a page, `docs/errors/<code>.md`; a test keeps
the two in step.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorKind:
    """One row of the error table."""

    code: str
    status: int
    """The HTTP status when the failure is the answer to a request."""
    retriable: bool
    """Whether the same action may succeed later with nothing changed by the user."""
    sentence: str
    """What happened, for a person."""
    remedy: str
    """What that person can do."""


_ROWS = (
    # Requests
    ErrorKind("invalid_request", 422, False, "The request is not valid.", "Correct the named field and send it again."),
    ErrorKind("malformed_request", 400, False, "The request could not be read.", "Send well-formed JSON or multipart form data."),
    ErrorKind("invalid_key", 401, False, "The API key is missing or unknown.", "Send a valid key in the X-API-KEY header; `playhead keys create` makes one."),
    ErrorKind("not_found", 404, False, "There is nothing here by that name.", "Check the id; things of other projects look the same as missing ones."),
    ErrorKind("method_not_allowed", 405, False, "This address does not take that method.", "See the API reference for what it takes."),
    ErrorKind("wrong_state", 409, False, "The video or upload is not in a state that allows this.", "Read its status, then do what that status allows."),
    ErrorKind("upload_too_large", 413, False, "The file is larger than what is allowed here.", "Send a smaller file, or ask the operator to raise the limit."),
    ErrorKind("content_type_mismatch", 415, False, "The Content-Type is not the one this upload was created with.", "Send exactly the contentType that creating the upload returned."),
    ErrorKind("range_not_satisfiable", 416, False, "The requested byte range is outside of the file.", "Ask for a range within the length the Content-Range header tells."),
    ErrorKind("url_invalid", 403, False, "This URL's signature is not valid.", "Ask the API for a fresh URL and use it unchanged."),
    ErrorKind("url_expired", 410, False, "This URL has expired.", "Ask the API for a fresh one."),
    ErrorKind("captions_invalid", 422, False, "The captions could not be read.", "Send a WebVTT or SubRip file in UTF-8 with at least one cue."),
    ErrorKind("size_mismatch", 422, False, "The bytes received are not as many as were declared.", "Create a new upload with the right size and send the whole file."),
    ErrorKind("upload_missing", 409, False, "The upload was completed before any byte had arrived.", "Create a new video, PUT the file to its uploadUrl, then complete it."),
    ErrorKind("upload_incomplete", 400, True, "The connection ended before the declared size was reached.", "Send the file again; nothing was lost but this attempt."),
    ErrorKind("upload_expired", 410, False, "The upload was not completed before its deadline.", "Create a new video and upload again."),
    ErrorKind("upload_ended", 410, False, "The upload ended before it became a video.", "Create a new video and upload again."),
    ErrorKind("checksum_mismatch", 460, True, "The bytes received do not add up to their checksum.", "Send it again; nothing of it was kept."),
    ErrorKind("unsupported_version", 412, False, "This version of the upload protocol is not spoken here.", "Use tus 1.0.0, as every current client does."),
    ErrorKind("upload_final", 403, False, "A concatenated upload takes no bytes of its own.", "Send the bytes to its parts, before they are put together."),
    ErrorKind("upload_busy", 423, True, "The upload cannot be looked at right now.", "Ask again in a moment."),
    ErrorKind("grant_used_up", 403, False, "This grant allows no more uploads.", "Ask the application for a new one."),
    ErrorKind("quota_exceeded", 403, False, "The project has used up what it may have.", "Delete videos that are not needed, or ask the operator to raise the project's limit."),
    ErrorKind("idempotency_key_reused", 422, False, "The Idempotency-Key was used for another request before.", "Send a new key with each new request; repeat a key only with the same body."),
    ErrorKind("url_refused", 422, False, "Files are not fetched from this URL.", "Give an http or https URL of a server on the public internet, without a user or password in it."),
    ErrorKind("source_refused", 422, False, "The URL's server does not hand the file out.", "Open the URL in a private browser window; it must bring the file itself, without signing in."),
    ErrorKind("source_untrusted", 422, False, "No trusted TLS connection to the URL's server could be made.", "Have its certificate mended, or give the URL of another server."),
    ErrorKind("source_unreachable", 422, True, "The URL's server could not be reached, or broke off.", "Check that the server is up, then create the video again."),
    ErrorKind("source_too_slow", 422, True, "The URL's server sends too slowly.", "Try again later, put the file on a faster server, or upload it."),
    ErrorKind("not_ready", 503, True, "This part of the video is still being made.", "Ask again after the time in Retry-After."),
    ErrorKind("rate_limited", 429, True, "Too many requests.", "Wait for the time in Retry-After."),
    # Media
    ErrorKind("not_a_video", 422, False, "The file does not look like a video.", "Upload a video file; renaming another kind of file does not make it one."),
    ErrorKind("empty_file", 422, False, "The file is empty.", "Upload a file that has bytes in it."),
    ErrorKind("unsupported_format", 422, False, "The file's container format is not supported.", "Convert it to MP4, MOV, MKV or WebM."),
    ErrorKind("unsupported_codec", 422, False, "The video's codec is not supported here.", "Convert it to H.264, HEVC, VP9 or AV1."),
    ErrorKind("corrupt_file", 422, False, "The file is damaged and could not be read.", "Export or download it again, then upload the new copy."),
    ErrorKind("encrypted_file", 422, False, "The file is encrypted.", "Upload a copy without DRM."),
    ErrorKind("no_video_stream", 422, False, "The file has neither pictures nor sound.", "Upload a file with a video or an audio stream."),
    ErrorKind("no_frames", 422, False, "The video stream has no frame that can be decoded.", "Export the video again, then upload the new copy."),
    ErrorKind("reference_refused", 422, False, "The file is a playlist or refers to other files or addresses.", "Upload the video itself, in one file."),
    ErrorKind("limit_dimensions", 422, False, "The picture is larger or more stretched than what is allowed here.", "Scale the video to at most 8192 pixels a side."),
    ErrorKind("limit_duration", 422, False, "The video is longer than what is allowed here.", "Cut it into shorter parts."),
    ErrorKind("limit_streams", 422, False, "The file has too many streams.", "Keep one video and the audio you need."),
    ErrorKind("limit_frame_rate", 422, False, "The frame rate is higher than what is allowed here.", "Convert the video to at most 240 frames a second."),
    ErrorKind("decode_timeout", 422, True, "Decoding made no progress and was stopped.", "Try again; if it repeats, convert the file to MP4 first."),
    ErrorKind("decoder_crashed", 422, True, "The decoder crashed on this file.", "Convert the file to MP4 with another program, then upload that."),
    ErrorKind("resource_limit", 422, True, "Processing this file needed more memory, time or space than is allowed.", "Upload a smaller or shorter version."),
    ErrorKind("output_invalid", 500, True, "What was made from the video did not pass verification.", "Try again; if it repeats, report the video's id."),
    ErrorKind("attempts_exhausted", 500, True, "Processing failed repeatedly without a clear reason.", "Try again later; if it repeats, report the video's id."),
    # Ours
    ErrorKind("source_missing", 500, False, "The uploaded file is no longer in storage.", "Upload the video again; tell the operator."),
    ErrorKind("storage_unavailable", 503, True, "Storage cannot be reached.", "Try again in a moment."),
    ErrorKind("storage_full", 507, True, "There is no space left in storage.", "Tell the operator; nothing that was stored is lost."),
    ErrorKind("database_unavailable", 503, True, "The database cannot be reached.", "Try again in a moment."),
    ErrorKind("sandbox_unavailable", 500, False, "Media cannot be processed safely on this machine.", "Run `playhead doctor` and follow what it says."),
    ErrorKind("tool_missing", 500, False, "ffmpeg or ffprobe is missing or too old.", "Run `playhead doctor` and follow what it says."),
    ErrorKind("internal_error", 500, True, "Something went wrong on our side.", "Try again; if it repeats, report the request id."),
)  # fmt: skip

ERRORS: dict[str, ErrorKind] = {row.code: row for row in _ROWS}


class PlayheadError(Exception):
    """A failure from the error table, with the particulars of this case.

    `detail` is one sentence about this case and may be shown to users: it never holds a secret, a path
    of the server or raw tool output.
    """

    def __init__(
        self, code: str, detail: str = "", *, field: str | None = None, retry_after: int | None = None
    ) -> None:
        self.kind = ERRORS[code]
        self.detail = detail
        self.field = field
        self.retry_after = retry_after
        """Seconds to wait, where they are known."""
        super().__init__(f"{code}: {detail or self.kind.sentence}")

    @property
    def code(self) -> str:
        """The stable name of the failure."""
        return self.kind.code

    @property
    def message(self) -> str:
        """What happened and what to do, in full sentences."""
        happened = (self.detail or self.kind.sentence).rstrip()
        return f"{happened}{'' if happened.endswith(('.', '!', '?')) else '.'} {self.kind.remedy}"
