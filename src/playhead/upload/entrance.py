"""Who is let in to the data plane: each function reads a path and says what it opens, and what follows."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.signing import Purpose, Signer
from playhead.upload import tus_concat
from playhead.upload.grants import Caller, Grants
from playhead.upload.request import Subject

_UPLOAD = re.compile(r"/([0-9a-f-]{36})/([A-Za-z0-9_.-]{1,200})(/.*)?")
_GRANT = re.compile(r"/([A-Za-z0-9_.-]{1,200})(/.*)?")
_MULTIPART = re.compile(r"/s3/multipart/[0-9a-f]{32}(/.*)?")
"""What lies below one that has begun."""
_PART = re.compile(
    r"/(?P<about>(?P<attempt>[0-9a-f]{32})/(?P<number>[0-9]{1,5})/(?P<size>-|[0-9]{1,15})"
    r"/(?P<md5>-|[0-9a-f]{32})(?:/(?P<crc64nvme>[0-9a-f]{16}))?)/(?P<token>[A-Za-z0-9_.-]{1,200})/?"
)

Entrance = Callable[[str, Mapping[str, str]], Awaitable[tuple[Subject, str]]]
"""Path and headers → what is opened and the rest of the path; raises `PlayheadError`."""


def by_signed_url(signer: Signer, purpose: Purpose = "upload") -> Entrance[UUID]:
    """`/{id}/{token}…`: the id of an upload, or of a partial."""

    async def enter(path: str, _headers: Mapping[str, str]) -> tuple[UUID, str]:
        found = _UPLOAD.fullmatch(path)
        if found is None:
            raise PlayheadError("not_found", "There is no such upload.")
        signer.verify(purpose, found[1], found[2], int(time.time()))
        return UUID(found[1]), found[3] or ""

    return enter


def by_grant(grants: Grants) -> Entrance[Caller]:
    """`/{token}…` of a grant: its holder.

    What was begun under a grant may take longer than that works. A multipart goes on as its upload allows, and what
    partials become is allowed where they were.
    """

    async def enter(path: str, headers: Mapping[str, str]) -> tuple[Caller, str]:
        found = _GRANT.fullmatch(path)
        if found is None:
            raise PlayheadError("not_found")
        below = found[2] or ""
        is_final = below.rstrip("/") == "/tus" and tus_concat.is_final(headers)
        begun = is_final or _MULTIPART.fullmatch(below) is not None
        return await grants.by_token(found[1], begun=begun), below

    return enter


def by_key(grants: Grants) -> Entrance[Caller]:
    """Any path, with an API key in the headers: its holder."""

    async def enter(path: str, headers: Mapping[str, str]) -> tuple[Caller, str]:
        return await grants.by_key(headers), path

    return enter


@dataclass(frozen=True)
class PartAddress:
    """Where one part belongs, and which bytes are allowed there."""

    multipart_id: UUID
    number: int
    """0 for the whole file, brought by a form."""
    size: int | None
    md5: str | None
    """In hexadecimal digits."""
    crc64nvme: bytes | None


def by_part_url(signer: Signer) -> Entrance[PartAddress]:
    """`/{attempt}/{number}/{size}/{md5}/{token}`: the part it brings; with a CRC64NVME it has a segment more."""

    async def enter(path: str, _headers: Mapping[str, str]) -> tuple[PartAddress, str]:
        found = _PART.fullmatch(path)
        if found is None:
            raise PlayheadError("not_found")
        signer.verify("part", found["about"], found["token"], int(time.time()))
        return PartAddress(
            UUID(found["attempt"]),
            int(found["number"]),
            None if found["size"] == "-" else int(found["size"]),
            None if found["md5"] == "-" else found["md5"],
            None if found["crc64nvme"] is None else bytes.fromhex(found["crc64nvme"]),
        ), ""

    return enter
