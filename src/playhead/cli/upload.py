"""`playhead upload`: send files to a server, and watch them become playable.

Progress and problems go to stderr, results to stdout. Exit codes: 0 all went well, 1 something failed and was
named, 2 the command line is wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators
from rich.filesize import decimal

from playhead.cli.given import FAILED, INTERRUPTED, OK, MisuseError, print_json
from playhead.cli.place import Address, place
from playhead.cli.server import client_of
from playhead.cli.upload_display import Display
from playhead.cli.verdict import lines
from playhead.client import (
    Client,
    Failure,
    PlayheadAPIError,
    PlayheadClientError,
    Video,
    VideoFailedError,
    Wish,
    open_body,
)

Switch = Parameter(negative=(), show_default=False)
"""A flag that needs no `--no-…` form: it is off unless given."""


@dataclass(frozen=True)
class Manner:
    """How files are sent."""

    parallel: int | None
    verify: bool
    resume: bool
    preflight: bool
    wait: bool
    json: bool


def upload(
    *files: Annotated[Path | Address, Parameter(converter=place)],
    wait: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    resolutions: str | None = None,
    private: Annotated[bool, Switch] = False,
    thumbnails: str | None = None,
    metadata: Annotated[Sequence[str], Parameter(negative=(), show_default=False)] = (),
    play_while_uploading: Annotated[bool, Switch] = False,
    normalise: Annotated[bool, Switch] = False,
    parallel: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=32))] = None,
    verify: Annotated[bool, Switch] = False,
    no_resume: Annotated[bool, Switch] = False,
    no_preflight: Annotated[bool, Switch] = False,
    url: str | None = None,
    key: str | None = None,
    quiet: Annotated[bool, Switch] = False,
) -> int:
    """Upload video files to a Playhead server.

    Parameters
    ----------
    files
        The files, sent one after the other; or URLs, which the server fetches.
    wait
        Wait until each is processed, and print its playback URLs.
    json
        Print each video as one line of JSON, as the API tells it.
    resolutions
        What to make, such as `360p,720p`; by default the server chooses.
    private
        Playback URLs carry a token and expire.
    thumbnails
        Seconds to take pictures at, such as `1,2.5`.
    metadata
        `name=value`, kept with the video; may be given several times.
    play_while_uploading
        Let it be watched from the bytes that have arrived; its index is sent first.
    normalise
        Bring the sound to the loudness that all other normalised videos have, -16 LUFS.
    parallel
        Connections that send parts of one file side by side; by default 4 to a server that keeps files in S3, else 1.
    verify
        Read each file beforehand, and have the server hold what arrived against its SHA-256.
    no_resume
        Begin anew, and remember nothing: by default an upload that was interrupted goes on when it is run again.
    no_preflight
        Do not ask beforehand what would become of each file.
    url
        The server; by default that of the settings (PLAYHEAD_PUBLIC_URL, or PLAYHEAD_HOST and PLAYHEAD_PORT).
    key
        The API key; by default PLAYHEAD_API_KEY, else the one `playhead serve` keeps in the data folder.
    quiet
        No progress; only results and problems.
    """
    _check(files)
    wish = _wish(resolutions, thumbnails, metadata, (private, play_while_uploading, normalise))
    manner = Manner(parallel, verify, not no_resume, not no_preflight, wait, json)
    with client_of(url, key) as client:
        return _each(client, files, wish, manner, Display(quiet=quiet))


def _each(
    client: Client, files: Sequence[Path | Address], wish: Wish, manner: Manner, display: Display
) -> int:
    """Bring the files there, one after the other; the exit code."""
    try:
        fine = [_one(client, file, wish, manner, display) for file in files]
    except KeyboardInterrupt:
        display.problem("Interrupted.")
        return INTERRUPTED
    return OK if all(fine) else FAILED


def _one(client: Client, file: Path | Address, wish: Wish, manner: Manner, display: Display) -> bool:
    """Bring one file there and print the result; whether that went well."""
    try:
        if isinstance(file, Address):
            video = client.create_from_url(file.url, **wish)
        else:
            if manner.preflight and file.is_file():  # what is no plain file can be read only once
                refusal = _asked_beforehand(client, file, wish, display)
                if refusal is not None:
                    display.problem(f"{file.name}: {refusal.sentence} ({refusal.code})")
                    return False
            video = _bring(client, file, wish, manner, display)
        if manner.wait:
            with display.processing(video) as on_look:
                video = client.wait(video.id, on_progress=on_look)
    except VideoFailedError as failure:
        # The outcome is known and belongs on stdout for a program that reads it.
        if manner.json:
            print_json(failure.video)
        display.problem(f"{file.name}: {failure.message} ({failure.code})")
        return False
    except OSError as failure:
        display.problem(f"{file.name}: {failure.strerror or failure}.")
        return False
    except ValueError as failure:  # a pipe cannot be read twice
        display.problem(f"{file.name}: {failure}")
        return False
    except PlayheadClientError as failure:
        code = getattr(failure, "code", None)
        display.problem(f"{file.name}: {failure}" + (f" ({code})" if code else ""))
        return False
    if manner.json:
        print_json(video)
    else:
        _print_video(video)
    return True


def _asked_beforehand(client: Client, file: Path, wish: Wish, display: Display) -> Failure | None:
    """Say what would become of a file; why it is refused, if it is."""
    try:
        told = client.preflight(file, resolutions=wish.get("resolutions"))
    except PlayheadAPIError as failure:
        if failure.status == 401:
            raise
        return None  # an older server, or a busy one: sending will tell
    for line in lines(told):
        display.told(f"{file.name}: {line}")
    return told.error if told.verdict == "refused" else None


def _bring(client: Client, file: Path, wish: Wish, manner: Manner, display: Display) -> Video:
    if not manner.resume:
        return _bring_at_once(client, file, wish, manner, display)

    def on_resumed(held: int, size: int) -> None:
        display.told(f"{file.name}: going on, {decimal(held)} of {decimal(size)} are there")

    try:
        with display.sending(file.name, file.stat().st_size) as on_sent:
            return client.upload(
                file,
                on_progress=on_sent,
                parallel=manner.parallel,
                on_resumed=on_resumed,
                verify=manner.verify,
                **wish,
            )
    except KeyboardInterrupt:
        display.problem(f"{file.name}: not all of it was sent. Run the same command again to go on.")
        raise


def _bring_at_once(client: Client, file: Path, wish: Wish, manner: Manner, display: Display) -> Video:
    with open_body(file) as body:
        if manner.verify:
            wish = {**wish, "checksum": body.checksum()}
        created = client.create_upload(body.filename, body.size, **wish)
        try:
            with display.sending(body.filename, body.size) as on_sent:
                client.send(created, body, on_progress=on_sent, parallel=manner.parallel)
        except KeyboardInterrupt:
            # Nobody will send the rest. Should this fail, the server drops the video when the upload expires.
            with suppress(PlayheadClientError):
                client.delete_video(created.video_id)
            raise
    return client.complete_upload(created.id)


def _print_video(video: Video) -> None:
    """The video's id and state, then one line for each address there is."""
    print(f"{video.id}  {video.status}  {video.filename}")
    if video.embed_url is not None:
        print(f"  page    {video.embed_url}")
    for rendition in video.renditions:
        if rendition.video_url is not None:
            note = f"  {rendition.note}" if rendition.note else ""
            print(f"  {rendition.resolution:<6}  {rendition.video_url}{note}")
    if video.poster_url is not None:
        print(f"  poster  {video.poster_url}")
    for part in video.left_out:
        of = f" ({part.language})" if part.language else ""
        print(f"  without its {part.part}{of}: {part.message}")
    sys.stdout.flush()


def _check(files: Sequence[Path | Address]) -> None:
    """All files are looked at before the first is sent."""
    if not files:
        raise MisuseError("Name at least one file: playhead upload clip.mp4")
    for file in files:
        if isinstance(file, Address):
            continue
        if not file.exists():
            raise MisuseError(f"There is no file {file}.")
        if file.is_dir():
            raise MisuseError(f"{file} is a folder: name the files in it.")


def _wish(
    resolutions: str | None,
    thumbnails: str | None,
    metadata: Sequence[str],
    switches: tuple[bool, bool, bool],
) -> Wish:
    private, at_once, normalise = switches
    wish: Wish = {"is_public": not private}
    if normalise:
        wish["loudness"] = "normalised"
    if at_once:
        wish["play_while_uploading"] = True
    if resolutions is not None:
        wish["resolutions"] = _parts(resolutions)
    if thumbnails is not None:
        try:
            wish["thumbnail_seconds"] = [float(part) for part in _parts(thumbnails)]
        except ValueError:
            raise MisuseError(f"--thumbnails takes seconds such as 1,2.5, not {thumbnails!r}.") from None
    if metadata:
        pairs = [pair.partition("=") for pair in metadata]
        if any(not name or not equals for name, equals, _ in pairs):
            raise MisuseError("--metadata takes name=value.")
        wish["metadata"] = {name: value for name, _, value in pairs}
    return wish


def _parts(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]
