"""The client for ordinary, blocking code."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Self, TypeVar, Unpack

import httpx

from playhead.client import calls
from playhead.client.body import Body, Readable, open_body
from playhead.client.calls import Call, Wish
from playhead.client.errors import PlayheadAPIError, PlayheadConnectionError, WaitTimeoutError
from playhead.client.look import Look
from playhead.client.models import Preflight, Unfinished, Upload, Video, Webhook
from playhead.client.patience import (
    Until,
    arrived,
    pause_after,
    poll_pauses,
    retry_pauses,
    sending_retries,
)
from playhead.client.resuming import Memory
from playhead.client.sending import Sending
from playhead.client.tally import Progress
from playhead.client.transport import TIMEOUT, no_answer, server_address

T = TypeVar("T")


class Client:
    """A Playhead server, spoken to with one key. Usable as a context manager; safe to share among threads.

    `base_url` is the server's address without `/api` or `/v1`. Every call but deleting is tried again, up to
    `retries` times, when the server is away for a moment; what is created is created once all the same.
    """

    def __init__(self, base_url: str, api_key: str, *, retries: int = 5) -> None:
        self.base_url = server_address(base_url)
        self._api_key = api_key
        self._retries = retries
        self._http = httpx.Client(timeout=TIMEOUT)
        self._sending = Sending(self._http, sending_retries(retries))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def upload(
        self,
        source: Readable,
        *,
        filename: str | None = None,
        size: int | None = None,
        on_progress: Progress | None = None,
        parallel: int | None = None,
        resume: bool = True,
        on_resumed: Progress | None = None,
        verify: bool = False,
        **wish: Unpack[Wish],
    ) -> Video:
        """Send a file and have it processed: create, send and complete in one. Does not wait for processing.

        `size` in bytes is only needed where a file cannot be measured, such as a pipe. With `parallel` above 1
        parts of it are sent side by side; by default 4 are where the server keeps files in a store that takes
        them itself, and one elsewhere. An upload of a path that ended midway, even with the program, is
        taken up when the same file is sent there again, unless `resume` is false; `on_resumed` is told, once,
        how many bytes the server has and how many there are. With `verify` the file is read beforehand too, and
        the server holds what arrived against its SHA-256.

        Raises:
            OSError: the file cannot be read.
            ValueError: the file has no name or size, and none was given; or it is to be verified and cannot be
                rewound.
            PlayheadClientError: the server refuses it or cannot be reached.
        """
        with open_body(source, filename, size) as body:
            body.named()
            if verify:
                wish["checksum"] = body.checksum()
            memory = (
                Memory.of(source, body.named(), self.base_url, self._api_key, wish) if resume else Memory()
            )
            begun, held = memory.recall(), 0
            if begun is not None:
                found = self._sending.standing(begun, body.size)
                if found.state == "closed" and (video := self._completed(begun)) is not None:
                    memory.forget()
                    return video
                begun, held = found.begun, found.held
                if begun is not None and on_resumed is not None:
                    on_resumed(held, body.size)
            if begun is None:
                begun = Unfinished(self.create_upload(body.named(), body.size, **wish))
                memory.keep(begun)
            self._sending.send(begun, body, on_progress, parallel=parallel, held=held, memory=memory)
            upload_id = begun.upload.id
        try:
            video = self.complete_upload(upload_id)
        except PlayheadAPIError as refusal:
            if refusal.says_no:
                memory.forget()  # it was refused as it is, and would be again
            raise
        memory.forget()
        return video

    def create_from_url(self, url: str, *, filename: str | None = None, **wish: Unpack[Wish]) -> Video:
        """Have the server fetch a file from `url`, an http or https one on the public internet; does not wait for it.

        By default the file is called what the URL's path ends in.
        """
        return self._run(calls.create_video(url, filename, wish))

    def create_upload(self, filename: str, size: int, **wish: Unpack[Wish]) -> Upload:
        """Announce a video of `size` bytes; its extension tells the kind of file."""
        return self._run(calls.create_upload(filename, size, wish))

    def preflight(
        self, source: Readable, *, filename: str | None = None, resolutions: Sequence[str] | None = None
    ) -> Preflight:
        """What would become of a file, by its first bytes and its index; nothing else of it is sent.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has no name, or cannot be rewound.
            PlayheadClientError: the server cannot be asked. That it refuses the file is an answer.
        """
        with open_body(source, filename) as body:
            look = Look(body, resolutions)
            while (call := look.next) is not None:
                look.told(self._run(call))
            return look.answer

    def send(
        self,
        upload: Upload,
        source: Readable | Body,
        *,
        on_progress: Progress | None = None,
        parallel: int | None = None,
    ) -> None:
        """Send the bytes to where `upload` says; when the connection breaks, on from what has arrived."""
        with open_body(source) as body:
            self._sending.send(Unfinished(upload), body, on_progress, parallel=parallel, memory=Memory())

    def complete_upload(self, upload_id: str, *, checksum: str | None = None) -> Video:
        """Say that all bytes are there: the server checks them and starts. Twice is the same as once.

        `checksum` is of the whole file, for whoever knows it only by now.
        """
        return self._run(calls.complete_upload(upload_id, checksum))

    def video(self, video_id: str) -> Video:
        """Read a video."""
        return self._run(calls.video(video_id))

    def videos(self, *, page_size: int = 50) -> Iterator[Video]:
        """All videos of the key's project, newest first, read page by page as they are asked for."""
        cursor: str | None = None
        while True:
            page = self._run(calls.videos(page_size, cursor))
            yield from page.data
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def wait(
        self,
        video_id: str,
        *,
        until: Until = "ready",
        on_progress: Callable[[Video], None] | None = None,
        give_up_after: float | None = None,
    ) -> Video:
        """Look at a video until it is `playable` or `ready`; `on_progress` sees it at every look.

        Raises:
            VideoFailedError: processing ended in failure.
            WaitTimeoutError: `give_up_after` seconds went by.
        """
        deadline = math.inf if give_up_after is None else time.monotonic() + give_up_after
        pauses = poll_pauses()
        while True:
            video = self.video(video_id)
            if on_progress is not None:
                on_progress(video)
            if arrived(video, until):
                return video
            pause = next(pauses)
            if time.monotonic() + pause > deadline:
                raise WaitTimeoutError(video)
            time.sleep(pause)

    def reprocess_video(self, video_id: str) -> Video:
        """Make everything of a video's file once more; what is ready is served until it is replaced."""
        return self._run(calls.reprocess_video(video_id))

    def delete_video(self, video_id: str) -> None:
        """Delete a video and all that was made from it."""
        self._run(calls.delete_video(video_id))

    def create_webhook(
        self,
        name: str,
        url: str,
        *,
        format: Literal["standard", "hyperserve"] = "standard",
        events: Sequence[str] | None = None,
    ) -> Webhook:
        """Have `url` told about events, by default all; only this answer carries the `secret`."""
        return self._run(calls.create_webhook(name, url, format, events))

    def webhooks(self) -> list[Webhook]:
        """The project's webhooks, without their secrets."""
        return self._run(calls.webhooks()).data

    def delete_webhook(self, webhook_id: str) -> None:
        """Stop telling an address."""
        self._run(calls.delete_webhook(webhook_id))

    def _run(self, call: Call[T]) -> T:
        pauses = retry_pauses(self._retries if call.repeatable else 0)
        while True:
            try:
                return self._once(call)
            except (PlayheadAPIError, PlayheadConnectionError) as error:
                time.sleep(pause_after(error, pauses))

    def _once(self, call: Call[T]) -> T:
        try:
            answer = self._http.request(
                call.method,
                self.base_url + call.path,
                params=call.query,
                content=call.body,
                headers=call.headers(self._api_key),
            )
        except httpx.TransportError as cause:
            raise no_answer(self.base_url, cause) from cause
        return call.read(answer.status_code, answer.headers, answer.content)

    def _completed(self, begun: Unfinished) -> Video | None:
        """The video of an upload that takes no more bytes, if that is because it was completed."""
        try:
            return self.complete_upload(begun.upload.id)
        except PlayheadAPIError as error:
            if not error.says_no:
                raise  # it may be complete all the same, and would be sent as a second video
            return None
