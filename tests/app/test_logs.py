"""One format for every line, and no secret in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from playhead.app.logs import HIDDEN, configure_logs
from playhead.model.signing import Signer
from playhead.settings import Settings

KEY = "ph_N7mrMkuugjtl9Y1S6DfHZgLY1uhPPoe-pSXIQt08l5Y"
TOKEN = Signer(["x" * 32]).sign("playback", "a video", 2_000_000_000)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _settings(**given: Any) -> Settings:
    return Settings(**given)


def _logged(capsys: pytest.CaptureFixture[str], log_format: str = "json", **values: object) -> str:
    configure_logs(_settings(log_format=log_format))
    structlog.get_logger("playhead.test").info("something", **values)
    return capsys.readouterr().err


def test_a_line_is_json_with_time_level_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads(_logged(capsys, number=3))
    assert line["event"] == "something"
    assert line["level"] == "info"
    assert line["logger"] == "playhead.test"
    assert line["number"] == 3
    assert line["timestamp"].endswith("Z")


def test_auto_is_json_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_logged(capsys, "auto"))["event"] == "something"


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    line = _logged(capsys, "text", number=3)
    assert "something" in line
    assert not line.startswith("{")


def test_libraries_speak_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(_settings(log_format="json"))
    logging.getLogger("uvicorn.error").warning("from %s", "a library")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"]) == ("from a library", "warning")


@pytest.mark.parametrize(
    "value",
    [
        f"the key is {KEY}",
        f"http://127.0.0.1:8000/#key={KEY}",
        f"/v/9f1c/~{TOKEN}/master.m3u8",
        "connecting to postgresql://playhead:hunter22@db.internal/playhead",
        "GET /part?partNumber=1&X-Amz-Signature=hunter22hunter22",
        {"deep": [f"in a list {KEY}"]},
        {"password": "hunter22"},
        ValueError(f"no such key: {KEY}"),
    ],
)
def test_secrets_are_cut_out_by_their_looks(capsys: pytest.CaptureFixture[str], value: object) -> None:
    line = _logged(capsys, about=value)
    assert HIDDEN in line
    for secret in (KEY, KEY[12:], TOKEN, TOKEN[-43:], "hunter22"):
        assert secret not in line


@pytest.mark.parametrize(
    "name", ["secret", "api_key", "x_api_key", "Authorization", "webhook_secret", "password"]
)
def test_secrets_are_cut_out_by_their_names(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert json.loads(_logged(capsys, **{name: "hunter22"}))[name] == HIDDEN


def test_secrets_are_cut_out_of_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(_settings(log_format="json"))
    try:
        psycopg.connect(f"postgresql://playhead:hunter22@127.0.0.1:9/{KEY}")
    except psycopg.OperationalError:
        structlog.get_logger("playhead.test").exception("no database")
    line = json.loads(capsys.readouterr().err)
    assert "OperationalError" in line["exception"]
    assert KEY not in line["exception"]
    assert "hunter22" not in line["exception"]


def test_ordinary_words_stay(capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads(_logged(capsys, job="chunk:5f0c4f0e:12", path="/v/5f0c4f0e-1111/480p.mp4", keys=[1, 2]))
    assert HIDDEN not in json.dumps(line)
