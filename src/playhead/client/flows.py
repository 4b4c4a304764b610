"""The ways a file is sent: in order over one connection, or in parts side by side over several. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from playhead.client.errors import PlayheadAPIError, PlayheadConnectionError
from playhead.client.models import Multipart, Signed, StoredPart, Unfinished, Upload
from playhead.client.parts import Parts, Range
from playhead.client.patience import pause_after
from playhead.client.steps import Answer, Flow, Patience, Pause, Step, asked, once
from playhead.client.tally import Tally

T = TypeVar("T")

_RESENT = frozenset({403, 408, 500})
"""Answers of a store after which a part is signed and sent again: its URL has expired, or the store stumbled."""
_NO_SUCH_WAY = frozenset({404, 405, 501})
"""Answers of a server that does not take parts side by side."""


@dataclass(frozen=True)
class Standing:
    """How an upload that was begun before stands."""

    state: Literal["open", "closed", "gone"]
    """`closed`: it takes no more bytes, perhaps because it was completed."""
    held: int = 0
    """Bytes that need not be sent again."""
    begun: Unfinished | None = None
    """As it can go on, when it is open."""


class Part(NamedTuple):
    """One part of a file that is sent side by side with others."""

    number: int
    """From 1."""
    range: Range

    @property
    def length(self) -> int:
        """Bytes."""
        return self.range[1] - self.range[0]


def standing(begun: Unfinished, size: int, patience: Patience) -> Flow[Standing]:
    """Ask whether an upload still takes bytes, and what it has.

    Raises:
        PlayheadClientError: the server cannot be asked.
    """
    parts = Parts(size, [(0, size)])
    try:
        answer = yield from asked(Step("PUT", begun.upload.url, parts.question()), patience)
    except PlayheadAPIError as refusal:
        if not refusal.says_no:
            raise
        return Standing("closed" if refusal.code == "wrong_state" else "gone")
    parts.answered(None, answer.status, answer.headers)
    if begun.multipart is None or answer.status == 200:
        return Standing("open", parts.sent, Unfinished(begun.upload))
    try:
        left = yield from missing(begun.upload, begun.multipart, size, patience)
    except PlayheadAPIError as refusal:
        if not refusal.says_no:
            raise
        if (yield from _is_joined(begun.upload, begun.multipart, patience)):
            return Standing("closed")
        return Standing("open", parts.sent, Unfinished(begun.upload))
    return Standing("open", size - sum(part.length for part in left), begun)


def in_order(upload: Upload, parts: Parts, tally: Tally, patience: Patience) -> Flow[None]:
    """Send what is left of a file over one connection; when that breaks, on from what has arrived.

    As long as more and more arrives it is tried again and again; else as often as `patience` has pauses.

    Raises:
        PlayheadClientError: why it cannot go on.
    """
    pauses, sent = patience(), parts.sent
    while True:
        try:
            yield from _attempt(upload, parts, tally)
        except (PlayheadAPIError, PlayheadConnectionError) as error:
            if parts.sent > sent:
                pauses, sent = patience(), parts.sent
            yield Pause(pause_after(error, pauses))
        else:
            return


def _attempt(upload: Upload, parts: Parts, tally: Tally) -> Flow[None]:
    if parts.interrupted:
        _noted(parts, None, (yield from once(Step("PUT", upload.url, parts.question()))))
        tally.known(parts.sent)
    while (part := parts.next) is not None:
        parts.interrupted = True
        headers = parts.headers(part, upload.content_type)
        _noted(parts, part, (yield from once(Step("PUT", upload.url, headers, part))))
        tally.known(parts.sent)


def _noted(parts: Parts, part: Range | None, answer: Answer) -> None:
    if not parts.answered(part, answer.status, answer.headers):
        raise answer.error


def begin(upload: Upload, filename: str, size: int, patience: Patience) -> Flow[Multipart | None]:
    """Begin to send parts side by side; None where the server does not take them.

    Raises:
        PlayheadClientError: why not.
    """
    body = msgspec.json.encode({"filename": filename, "type": upload.content_type, "size": size})
    try:
        answer = yield from asked(Step("POST", f"{upload.url}/s3/multipart", _JSON, body), patience)
    except PlayheadAPIError as refusal:
        if refusal.status in _NO_SUCH_WAY:
            return None
        raise
    return _read(answer, Multipart)


def missing(upload: Upload, multipart: Multipart, size: int, patience: Patience) -> Flow[list[Part]]:
    """Ask which parts are not there yet.

    Raises:
        PlayheadClientError: it is not known there.
    """
    answer = yield from asked(Step("GET", _at(upload, multipart)), patience)
    held = {part.part_number: part.size for part in _read(answer, list[StoredPart])}
    step = multipart.part_size
    parts = [
        Part(number, (start, min(size, start + step))) for number, start in enumerate(range(0, size, step), 1)
    ]
    return [each for each in parts if held.get(each.number) != each.length]


def one_part(
    upload: Upload, multipart: Multipart, part: Part, tally: Tally, patience: Patience
) -> Flow[None]:
    """Send one part, anew as often as it takes: it arrives whole or not at all.

    Raises:
        PlayheadClientError: why it cannot be sent.
    """
    pauses = patience()
    sign = Step("GET", _at(upload, multipart, f"/{part.number}", f"&size={part.length}"))
    while True:
        where = yield from asked(sign, patience)
        signed = _read(where, Signed)
        error: PlayheadAPIError | PlayheadConnectionError
        try:
            answer = yield from once(
                Step("PUT", signed.url, {**signed.headers, "Content-Length": str(part.length)}, part.range)
            )
        except PlayheadConnectionError as broken:
            error = broken
        else:
            if answer.status < 300:
                tally.done(part.range)
                return
            error = answer.error
        tally.lost(part.range)
        yield Pause(pause_after(error, pauses, _RESENT))


def join(upload: Upload, multipart: Multipart, patience: Patience) -> Flow[None]:
    """Have the parts put together, all that are there; a second time changes nothing.

    Raises:
        PlayheadClientError: why they cannot be.
    """
    listed = yield from asked(Step("GET", _at(upload, multipart)), patience)
    parts = [{"PartNumber": part.part_number, "ETag": part.e_tag} for part in _read(listed, list[StoredPart])]
    yield from _complete(upload, multipart, {"parts": parts}, patience)


def _is_joined(upload: Upload, multipart: Multipart, patience: Patience) -> Flow[bool]:
    """Whether parts that are not listed any more were put together before: asked again, a server says so."""
    try:
        yield from _complete(upload, multipart, {}, patience)
    except PlayheadAPIError as refusal:
        if not refusal.says_no:
            raise
        return False
    return True


def _complete(
    upload: Upload, multipart: Multipart, said: dict[str, object], patience: Patience
) -> Flow[None]:
    step = Step("POST", _at(upload, multipart, "/complete"), _JSON, msgspec.json.encode(said))
    yield from asked(step, patience)


_JSON = {"Content-Type": "application/json"}


def _at(upload: Upload, multipart: Multipart, below: str = "", query: str = "") -> str:
    return (
        f"{upload.url}/s3/multipart/{quote(multipart.upload_id, safe='')}{below}"
        f"?key={quote(multipart.key, safe='')}{query}"
    )


def _read(answer: Answer, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as cause:
        sentence = "The answer is not one of a Playhead server. Check the URL."
        raise PlayheadAPIError(answer.status, "unexpected_answer", sentence) from cause
