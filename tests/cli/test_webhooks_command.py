"""`playhead webhooks` on a real server."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal, terminal
from tests.live import Live

__all__ = ["terminal"]


def _server(live: Live) -> dict[str, str]:
    return {"PUBLIC_URL": live.url, "API_KEY": live.key}


def test_a_webhook_is_added_listed_and_deleted(terminal: Terminal, live_server: Live) -> None:
    settings = _server(live_server)
    arguments = (
        "cats",
        "http://127.0.0.1:9/hook",
        "--format",
        "hyperserve",
        "--events",
        "video.ready,video.failed",
    )
    (made,) = terminal("webhooks", "add", *arguments, "--json", **settings).json
    assert made["secret"]
    listed = {row["id"]: row for row in terminal("webhooks", "list", "--json").json}[made["id"]]
    assert listed.get("secret") is None
    assert (listed["name"], listed["format"]) == ("cats", "hyperserve")
    assert listed["events"] == ["video.ready", "video.failed"]
    assert made["id"] in terminal("webhooks", "list").out
    assert terminal("webhooks", "delete", made["id"]).code == 0
    assert made["id"] not in terminal("webhooks", "list").out


def test_the_secret_is_printed_for_a_person_too(terminal: Terminal, live_server: Live) -> None:
    done = terminal("webhooks", "add", "dogs", "http://127.0.0.1:9/hook", **_server(live_server))
    assert done.code == 0, done.err
    first, second = done.lines
    assert first.endswith("dogs  http://127.0.0.1:9/hook")
    assert second.startswith("secret ")
    assert "not shown again" in done.err
    assert terminal("webhooks", "delete", first.split()[0]).code == 0


def test_what_the_server_refuses_is_one_sentence(terminal: Terminal, live_server: Live) -> None:
    settings = _server(live_server)
    for arguments in (["delete", "no-such-id"], ["add", "bad", "not-an-address"]):
        done = terminal("webhooks", *arguments, **settings)
        assert done.code == 1
        assert done.err.strip()
        assert "Traceback" not in done.err


def test_without_a_key_it_says_where_to_get_one(terminal: Terminal) -> None:
    done = terminal("webhooks", "list")
    assert done.code == 2
    assert "PLAYHEAD_API_KEY" in done.err


def test_the_key_of_the_data_folder_is_used(terminal: Terminal, live_server: Live, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{live_server.key}\n")
    done = terminal("webhooks", "list", PUBLIC_URL=live_server.url, DATA=tmp_path)
    assert done.code == 0, done.err


def test_a_server_that_is_not_there_is_one_sentence(terminal: Terminal) -> None:
    done = terminal("webhooks", "list", "--url", "http://127.0.0.1:9", "--key", "ph_x")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
