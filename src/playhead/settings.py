"""The settings table. Nothing else in Playhead reads the environment.

Each row is a name, a type, a default and a sentence; `docs/settings.md` is generated from it. Values come
from `PLAYHEAD_*` variables, else from `playhead.toml` in the working directory, else from the default.
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

GIB = 1024**3


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="PLAYHEAD_", toml_file="playhead.toml", extra="forbid", frozen=True, env_ignore_empty=True
    )

    data: Path = Field(
        Path("playhead-data"), description="Folder of the embedded profile: database, videos, keys, scratch."
    )
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web process listens on.")
    public_url: str | None = Field(
        None,
        description="Base of every URL handed out, as clients reach it; by default the listening address.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL 15 or newer, `postgresql://…`; by default an embedded one under the data folder.",
    )
    storage_url: str | None = Field(
        None,
        description="Where videos are kept, `file:///…` or `s3://bucket/prefix`; by default a folder under the data "
        "folder.",
    )
    s3_endpoint: str | None = Field(
        None,
        description="URL of the S3 server, as this machine and clients reach it; by default that of AWS.",
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: SecretStr | None = Field(
        None, description="Access key for the bucket; by default what the AWS tools find on this machine."
    )
    s3_secret_key: SecretStr | None = Field(None, description="The secret key that belongs to it.")
    copies_bytes: int = Field(
        20 * GIB,
        ge=0,
        description="With S3: how much of a worker's disk copies of sources may take that wait to be used again, in "
        "bytes.",
    )
    secret: SecretStr | None = Field(
        None,
        description="Signs upload and playback URLs, 32 characters or more. Several, separated by commas: "
        "the first signs, all verify. By default made once and kept in the data folder.",
    )
    api_key: SecretStr | None = Field(
        None, description="A first API key, for scripts and tests; by default one is made and printed."
    )
    allow_local_networks: bool | None = Field(
        None,
        description="Whether webhooks and fetches from URLs may reach loopback and private addresses; "
        "by default only while the public URL is a loopback one.",
    )
    max_upload_bytes: int = Field(
        5 * GIB, ge=1, le=5 * GIB, description="Largest file that a single PUT or form may bring, in bytes."
    )
    max_resumable_bytes: int | None = Field(
        None,
        ge=1,
        le=2**62,
        description="Largest file that may be sent in several requests, in bytes; "
        "by default 100 GiB, or `max_upload_bytes` where that was lowered.",
    )
    max_duration_seconds: float = Field(
        12 * 3600, gt=0, description="Longest video that is accepted, in seconds."
    )
    source_max_bit_rate: int = Field(
        16_000_000,
        ge=1,
        description="Highest average bit rate, in bits a second, at which an upload is itself offered to players; "
        "above it they get only what is encoded from it.",
    )
    source_max_gop_seconds: float = Field(
        10,
        gt=0,
        description="Longest distance between an upload's key frames, in seconds, at which it is itself offered to "
        "players, who must load that much to begin anywhere.",
    )
    upload_expiry_seconds: int = Field(
        7 * 24 * 3600,
        ge=1,
        description="How long an upload may be gone on with, in seconds from its creation; "
        "what is not complete by then has failed. What it has reserved of its project's limits counts for as long.",
    )
    events_kept_days: int = Field(
        30,
        ge=1,
        le=36_500,
        description="How long the database keeps what has happened, and how webhooks were told of it, in days. "
        "What a webhook is still to be told stays.",
    )
    web_processes: int = Field(1, ge=1, le=64, description="Web processes that share the port.")
    worker_processes: int = Field(1, ge=1, le=64, description="Worker processes on this machine.")
    worker_concurrency: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Encodes one worker process runs side by side, each an ffmpeg of its own; "
        "by default one for every two cores.",
    )
    unsafe_no_sandbox: bool = Field(
        False, description="Run ffmpeg on uploaded files without a sandbox. Only where no stranger uploads."
    )
    log_format: str = Field("auto", description="`json`, `text`, or `auto` (text on a terminal).")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the framework's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def base_url(self) -> str:
        """The base of every URL handed out, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def resumable_limit(self) -> int:
        """The largest file that may be sent in several requests, in bytes.

        Who has lowered the limit of a single PUT does not want larger files to come in another way.
        """
        if self.max_resumable_bytes is not None:
            return self.max_resumable_bytes
        return 100 * GIB if self.max_upload_bytes == 5 * GIB else self.max_upload_bytes

    @property
    def encode_concurrency(self) -> int:
        """How many encodes a worker process runs side by side. One ffmpeg keeps about two cores busy."""
        return self.worker_concurrency or max(1, (os.cpu_count() or 1) // 2)

    @property
    def local_networks_allowed(self) -> bool:
        """Whether webhooks and fetches may reach addresses that are not global."""
        if self.allow_local_networks is not None:
            return self.allow_local_networks
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    def environment(self) -> dict[str, str]:
        """These settings as variables, to hand them to a child process unchanged."""
        variables = {}
        for name, value in self:
            if value is None:
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            variables[f"PLAYHEAD_{name.upper()}"] = str(plain)
        return variables


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def process_environment() -> dict[str, str]:
    """A copy of this process's environment, for our own daemons only; media tools get none of it."""
    return dict(os.environ)
