"""The tables. Every row belongs to a project; times are the database's clock, in UTC."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _project() -> SchemaItem:
    return Column("project_id", UUID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _video() -> SchemaItem:
    return Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False)


def _created() -> SchemaItem:
    return Column(
        "created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()
    )


projects = Table(
    "projects",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    _created(),
    Column("max_bytes", BigInteger, comment="of uploaded files; null, here and below: no limit"),
    Column("max_videos", Integer),
    Column("max_open_uploads", Integer),
    Column("max_creates_per_minute", Integer),
    Column("used_bytes", BigInteger, nullable=False, server_default=text("0"), comment="kept and reserved"),
    Column("used_videos", Integer, nullable=False, server_default=text("0")),
    Column("used_open_uploads", Integer, nullable=False, server_default=text("0")),
    Column("creates_left", Float, comment="what was in the token bucket at creates_at"),
    Column("creates_at", DateTime(timezone=True)),
)

keys = Table(
    "keys",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, comment="the first characters, to recognise a key by"),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the whole key"),
    Column("revoked_at", DateTime(timezone=True)),
    _created(),
)

videos = Table(
    "videos",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column("filename", Text, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("metadata", JSONB, comment="the caller's own, returned as it came"),
    Column("thumbnail_seconds", ARRAY(Float), nullable=False, server_default=text("'{}'")),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
    Column("error_detail", Text),
    Column("source_key", Text, comment="object key of the stored original"),
    Column("source_size", BigInteger),
    # None is no value there, not the JSON value `null`, which queries would take for a plan.
    Column("info", JSONB(none_as_null=True), comment="model.media.MediaInfo, once probed"),
    Column("plan", JSONB(none_as_null=True), comment="model.plan.Plan, once planned"),
    Column("poster_key", Text),
    Column("completed_at", DateTime(timezone=True), comment="when the upload was completed"),
    Column("playable_at", DateTime(timezone=True), comment="when the first moment could be seen"),
    Column("ready_at", DateTime(timezone=True)),
    _created(),
    Column("turn", BigInteger, comment="its place among the projects' videos, once it is processed"),
    Column("loudness", Text, nullable=False, server_default=text("'source'"), comment="model.loudness"),
    Column("generation", Integer, nullable=False, server_default=text("1"), comment="how often it was made"),
    Column("replaces", UUID, unique=True, comment="of a remake: the video it is made for, and shown as"),
    Column("index_key", Text, comment="object key of its source's index"),
    Index("ix_videos_turn", "project_id", "turn", postgresql_where=text("status = 'processing'")),
    Index("ix_videos_project_id_created_at", "project_id", text("created_at DESC"), text("id DESC")),
    Index("ix_videos_processing", "completed_at", postgresql_where=text("status = 'processing'")),
)

grants = Table(
    "grants",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column("resolutions", ARRAY(Text), comment="what may be asked for; null for anything"),
    Column("is_public", Boolean, comment="false: its videos are private; null or true: the uploader may say"),
    Column(
        "metadata", JSONB, comment="given to each of its videos; what the uploader says does not replace it"
    ),
    Column("max_bytes", BigInteger, comment="the largest file that may be sent under it"),
    Column("max_uploads", Integer),
    Column("uploads_made", Integer, nullable=False, server_default=text("0")),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    _created(),
    Index("ix_grants_expires_at", "expires_at"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    _video(),
    Column("state", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("declared_size", BigInteger),
    Column("received_size", BigInteger, nullable=False, server_default=text("0")),
    Column("play_while_uploading", Boolean, nullable=False, server_default=text("false")),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    _created(),
    Column("auto_complete", Boolean, nullable=False, server_default=text("false")),
    Column("max_bytes", BigInteger, comment="how large the file may be, where that was narrowed by a grant"),
    Column("grant_id", UUID, ForeignKey("grants.id", ondelete="SET NULL")),
    Column("tus", JSONB, comment="metadata and concat, as its tus client sent them"),
    Column(
        "reserved_bytes", BigInteger, nullable=False, server_default=text("0"), comment="while it is open"
    ),
    Column("sha256", LargeBinary, comment="of the whole file, as declared"),
    Column("verified_at", DateTime(timezone=True), comment="when the file was seen to have it"),
    Column("crc64nvme", LargeBinary, comment="of the whole file, as declared"),
    UniqueConstraint("video_id"),
    Index("ix_uploads_grant_id", "grant_id", postgresql_where=text("grant_id IS NOT NULL")),
    Index("ix_uploads_open", "expires_at", postgresql_where=text("state IN ('waiting', 'received')")),
)

partials = Table(
    "partials",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column(
        "grant_id", UUID, ForeignKey("grants.id", ondelete="CASCADE"), comment="whose limits it counts for"
    ),
    Column("size", BigInteger, nullable=False),
    Column("tus_metadata", Text, nullable=False, comment="as its client sent it"),
    Column(
        "upload_id", UUID, ForeignKey("uploads.id", ondelete="CASCADE"), comment="what it became a part of"
    ),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    _created(),
    Column(
        "reserved_bytes",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="until it became a part",
    ),
    Index("ix_partials_expires_at", "expires_at"),
    Index("ix_partials_grant_id", "grant_id"),
)

multiparts = Table(
    "multiparts",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column("upload_id", UUID, nullable=False, comment="stays known when the upload is gone"),
    Column("video_id", UUID, nullable=False),
    Column("kind", Text, nullable=False, comment="parts or form"),
    Column("key", Text, nullable=False, comment="object key in quarantine"),
    Column("attempt", Text, comment="the store's name for it, once it has begun"),
    Column("state", Text, nullable=False, comment="open, joined or cleared"),
    Column("size", BigInteger, comment="of the whole object, once it is known"),
    _created(),
    Column("looked_at", DateTime(timezone=True), comment="when a worker last looked whether it has come"),
    Index("ix_multiparts_upload_id", "upload_id"),
    Index("ix_multiparts_uncleared", "created_at", postgresql_where=text("state <> 'cleared'")),
)

renditions = Table(
    "renditions",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    _video(),
    Column("resolution", Text, nullable=False, comment="as asked for, such as 480p"),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
    Column("error_detail", Text),
    Column("note", Text, comment="why it differs from what was asked"),
    Column("track", Text, comment="the encoded track that answers it, once planned; several may share one"),
    Column("width", Integer),
    Column("height", Integer),
    Column("key", Text, comment="object key of the finished MP4"),
    Column("size_bytes", BigInteger),
    Column("etag", Text, comment="SHA-256 of the finished MP4"),
    Column("ready_at", DateTime(timezone=True)),
    _created(),
    UniqueConstraint("video_id", "resolution"),
)

pieces = Table(
    "pieces",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("track", Text, primary_key=True, comment="such as 1280x720, or audio"),
    Column("chunk", Integer, primary_key=True),
    _project(),
    Column("key", Text, comment="object key, once made"),
    Column("size_bytes", BigInteger),
    Column("frames", Integer),
    Column("done_at", DateTime(timezone=True)),
    Index("ix_pieces_missing", "video_id", "chunk", postgresql_where=text("done_at IS NULL")),
)

stretches = Table(
    "stretches",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("track", Text, primary_key=True, comment="such as audio"),
    Column("number", Integer, primary_key=True, comment="in order, from 0"),
    _project(),
    Column("key", Text, nullable=False, comment="object key"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("packets", Integer, nullable=False, comment="how many it has"),
)

images = Table(
    "images",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("track", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    _project(),
    Column("at_seconds", Float, nullable=False),
    Column("key", Text, nullable=False),
)

captions = Table(
    "captions",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True, comment="an RFC 5646 tag"),
    _project(),
    Column("title", Text, comment="what a menu calls them"),
    Column("stream", Integer, comment="the source's stream they are taken from; null for those sent apart"),
    Column("key", Text, comment="object key of the WebVTT, once there is one"),
    Column("cues", Integer),
    _created(),
    Index("ix_captions_due", "video_id", postgresql_where=text("key IS NULL")),
)

steps = Table(
    "steps",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="such as inspect, chunk:3, finalise:480p"),
    _project(),
    Column("attempts", Integer, nullable=False, comment="how often it was begun"),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="how often it ended badly"),
    Column("last_error", Text),
    Column("begun_at", DateTime(timezone=True), nullable=False),
)

left_out = Table(
    "left_out",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("part", Text, primary_key=True, comment="poster, sound or captions"),
    Column(
        "name",
        Text,
        primary_key=True,
        server_default=text("''"),
        comment="of one among several: a sound's track, captions' language",
    ),
    _project(),
    Column("error_code", Text, nullable=False),
    Column("error_detail", Text),
)

objects = Table(
    "objects",
    metadata,
    Column("key", Text, primary_key=True),
    _project(),
    Column("video_id", UUID, nullable=False, comment="no foreign key: it outlives its video until swept"),
    Column("slot", Text, nullable=False, comment="what it is for; attempts at the same thing share a slot"),
    Column("state", Text, nullable=False, comment="writing, kept, doomed or refused"),
    Column("due_at", DateTime(timezone=True), comment="when a doomed one is to be deleted"),
    _created(),
    Index("ix_objects_video_id_slot", "video_id", "slot"),
    Index("ix_objects_unkept", "state", "created_at", postgresql_where=text("state <> 'kept'")),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _project(),
    Column("video_id", UUID, comment="no foreign key: the log outlives the video"),
    Column("type", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    _created(),
    Index("ix_events_project_id_id", "project_id", "id"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", UUID, primary_key=True),
    _project(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("format", Text, nullable=False, comment="hyperserve or standard"),
    Column("events", ARRAY(Text), comment="event types wanted; null for all"),
    Column("secret", Text, nullable=False),
    _created(),
    UniqueConstraint("project_id", "name"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _project(),
    Column("webhook_id", UUID, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", DateTime(timezone=True), comment="when it is due; null once it is over"),
    Column("delivered_at", DateTime(timezone=True)),
    Column("last_status", Integer, comment="the receiver's last HTTP status"),
    Column("last_error", Text),
    _created(),
    UniqueConstraint("webhook_id", "event_id"),
    Index("ix_deliveries_event_id", "event_id"),
    Index("ix_deliveries_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

fetches = Table(
    "fetches",
    metadata,
    Column("video_id", UUID, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    _project(),
    Column("url", Text, nullable=False),
    Column("turn", BigInteger, nullable=False, comment="as of videos"),
    Column(
        "validator", Text, comment="names the version of the file that is arriving: ETag or Last-Modified"
    ),
    Column("kept_bytes", BigInteger, nullable=False, server_default=text("0"), comment="by the last attempt"),
    Column("begun", Integer, nullable=False, server_default=text("0"), comment="attempts without an end"),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="since more had arrived"),
    Column("last_error", Text),
    Column("next_at", DateTime(timezone=True), nullable=False),
    _created(),
    Index("ix_fetches_next_at", "next_at"),
)

answers = Table(
    "answers",
    metadata,
    Column("project_id", UUID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True, comment="the request's Idempotency-Key"),
    Column("request", LargeBinary, nullable=False, comment="SHA-256 of what was asked"),
    Column("body", Text, comment="JSON; null only inside of the transaction that makes it"),
    _created(),
    Index("ix_answers_created_at", "created_at"),
)
