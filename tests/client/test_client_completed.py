"""An upload of before that is over: completed, as far as the server can tell, or to be sent anew."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from playhead.client import AsyncClient, Client, PlayheadAPIError
from playhead.client.models import Video
from playhead.client.transport import SHARED_FROM
from tests.live import Live


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_cannot_tell_gets_no_second_video(
    client: Client, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    film, complete = _film(clip, tmp_path), client.complete_upload
    made: list[Video] = []

    def lost(upload_id: str) -> Video:
        made.append(complete(upload_id))
        raise PlayheadAPIError(503, "database_unavailable", "The answer is lost.")

    def away(_upload_id: str) -> Video:
        raise PlayheadAPIError(status, "some_code", "It cannot tell.")

    for instead in (lost, away):
        monkeypatch.setattr(client, "complete_upload", instead)
        with pytest.raises(PlayheadAPIError):
            client.upload(film, resolutions=["144p"])
    monkeypatch.undo()
    assert client.upload(film, resolutions=["144p"]).id == made[0].id
    assert len(made) == 1


async def test_nor_from_an_event_loop(
    live_server: Live, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = _film(clip, tmp_path)
    async with AsyncClient(live_server.url, live_server.key) as client:
        complete, made = client.complete_upload, list[Video]()

        async def lost(upload_id: str) -> Video:
            made.append(await complete(upload_id))
            raise PlayheadAPIError(503, "database_unavailable", "The answer is lost.")

        async def away(_upload_id: str) -> Video:
            raise PlayheadAPIError(503, "database_unavailable", "It cannot tell.")

        for instead in (lost, away):
            monkeypatch.setattr(client, "complete_upload", instead)
            with pytest.raises(PlayheadAPIError):
                await client.upload(film, resolutions=["144p"])
        monkeypatch.undo()
        assert (await client.upload(film, resolutions=["144p"])).id == made[0].id


@pytest.mark.parametrize("status", [500, 507])
def test_a_file_that_a_stumbling_server_has_is_not_sent_again(
    client: Client, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    film, resumed = _film(clip, tmp_path), list[tuple[int, int]]()

    def stumbling(_upload_id: str) -> Video:
        raise PlayheadAPIError(status, "some_code", "Nothing that was sent is lost.")

    monkeypatch.setattr(client, "complete_upload", stumbling)
    with pytest.raises(PlayheadAPIError):
        client.upload(film, resolutions=["144p"])
    monkeypatch.undo()
    client.upload(film, resolutions=["144p"], on_resumed=lambda held, size: resumed.append((held, size)))
    assert resumed == [(film.stat().st_size, film.stat().st_size)]


async def test_nor_from_an_event_loop_is_it_sent_again(
    live_server: Live, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, resumed = _film(clip, tmp_path), list[tuple[int, int]]()

    async def stumbling(_upload_id: str) -> Video:
        raise PlayheadAPIError(507, "storage_full", "Nothing that was sent is lost.")

    async with AsyncClient(live_server.url, live_server.key) as client:
        monkeypatch.setattr(client, "complete_upload", stumbling)
        with pytest.raises(PlayheadAPIError):
            await client.upload(film, resolutions=["144p"])
        monkeypatch.undo()
        await client.upload(
            film, resolutions=["144p"], on_resumed=lambda held, size: resumed.append((held, size))
        )
    assert resumed == [(film.stat().st_size, film.stat().st_size)]


def test_parts_that_were_put_together_are_not_sent_again(
    client: Client, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted while the server completes it, which takes a while with a large file."""
    film, sent = _film(clip, tmp_path), list[int]()
    with film.open("ab") as file:
        file.write((2 * SHARED_FROM).to_bytes(4, "big") + b"free" + bytes(2 * SHARED_FROM - 8))

    def interrupted(_upload_id: str) -> Video:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "complete_upload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.upload(film, resolutions=["144p"], parallel=2)
    monkeypatch.undo()
    video = client.upload(
        film, resolutions=["144p"], parallel=2, on_progress=lambda held, _size: sent.append(held)
    )
    assert video.status == "processing"
    assert sent == []


def test_one_that_was_given_up_is_sent_anew(
    client: Client, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, complete = _film(clip, tmp_path), client.complete_upload
    made: list[Video] = []

    def lost(upload_id: str) -> Video:
        made.append(complete(upload_id))
        raise PlayheadAPIError(503, "database_unavailable", "The answer is lost.")

    monkeypatch.setattr(client, "complete_upload", lost)
    with pytest.raises(PlayheadAPIError):
        client.upload(film, resolutions=["144p"])
    monkeypatch.undo()
    client.delete_video(made[0].id)
    assert client.upload(film, resolutions=["144p"]).id != made[0].id


def _film(clip: Path, folder: Path) -> Path:
    """One that nobody has sent before."""
    film = folder / f"{uuid4()}.mp4"
    film.write_bytes(clip.read_bytes())
    return film
