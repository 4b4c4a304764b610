"""The first schema: projects, keys, videos, what is made of them, events and webhooks, and the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from playhead.records.migrations import queue

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _projects()
    _videos()
    _renditions()
    _work()
    _events()
    queue.bring_up(op.get_bind())


def _project() -> sa.Column[object]:
    return sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _video(*, primary_key: bool = False) -> sa.Column[object]:
    video = sa.ForeignKey("videos.id", ondelete="CASCADE")
    return sa.Column("video_id", sa.UUID, video, nullable=False, primary_key=primary_key)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()"))


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        _created(),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.UUID, primary_key=True),
        _project(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False, comment="the first characters, to recognise a key by"),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True, comment="SHA-256 of the whole key"),
        sa.Column("revoked_at", TIME),
        _created(),
    )


def _videos() -> None:
    op.create_table(
        "videos",
        sa.Column("id", sa.UUID, primary_key=True),
        _project(),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("metadata", JSONB, comment="the caller's own, returned as it came"),
        sa.Column("thumbnail_seconds", ARRAY(sa.Float), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error_detail", sa.Text),
        sa.Column("source_key", sa.Text, comment="object key of the stored original"),
        sa.Column("source_size", sa.BigInteger),
        sa.Column("info", JSONB, comment="model.media.MediaInfo, once probed"),
        sa.Column("plan", JSONB, comment="model.plan.Plan, once planned"),
        sa.Column("poster_key", sa.Text),
        sa.Column("completed_at", TIME, comment="when the upload was completed"),
        sa.Column("playable_at", TIME, comment="when the first moment could be seen"),
        sa.Column("ready_at", TIME),
        _created(),
    )
    newest_first: list[str | sa.TextClause] = ["project_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_videos_project_id_created_at", "videos", newest_first)
    processing = sa.text("status = 'processing'")
    op.create_index("ix_videos_processing", "videos", ["completed_at"], postgresql_where=processing)
    op.create_table(
        "uploads",
        sa.Column("id", sa.UUID, primary_key=True),
        _project(),
        _video(),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("declared_size", sa.BigInteger),
        sa.Column("received_size", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("play_while_uploading", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("expires_at", TIME, nullable=False),
        _created(),
        sa.UniqueConstraint("video_id"),
    )
    is_open = sa.text("state IN ('waiting', 'received')")
    op.create_index("ix_uploads_open", "uploads", ["expires_at"], postgresql_where=is_open)


def _renditions() -> None:
    op.create_table(
        "renditions",
        sa.Column("id", sa.UUID, primary_key=True),
        _project(),
        _video(),
        sa.Column("resolution", sa.Text, nullable=False, comment="as asked for, such as 480p"),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error_detail", sa.Text),
        sa.Column("note", sa.Text, comment="why it differs from what was asked"),
        sa.Column(
            "track", sa.Text, comment="the encoded track that answers it, once planned; several may share one"
        ),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("key", sa.Text, comment="object key of the finished MP4"),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("etag", sa.Text, comment="SHA-256 of the finished MP4"),
        sa.Column("ready_at", TIME),
        _created(),
        sa.UniqueConstraint("video_id", "resolution"),
    )
    op.create_table(
        "pieces",
        _video(primary_key=True),
        sa.Column("track", sa.Text, primary_key=True, comment="such as 1280x720, or audio"),
        sa.Column("chunk", sa.Integer, primary_key=True),
        _project(),
        sa.Column("key", sa.Text, comment="object key, once made"),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("frames", sa.Integer),
        sa.Column("done_at", TIME),
    )
    missing = sa.text("done_at IS NULL")
    op.create_index("ix_pieces_missing", "pieces", ["video_id", "chunk"], postgresql_where=missing)
    op.create_table(
        "images",
        _video(primary_key=True),
        sa.Column("track", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        _project(),
        sa.Column("at_seconds", sa.Float, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "steps",
        _video(primary_key=True),
        sa.Column("name", sa.Text, primary_key=True, comment="such as inspect, chunk:3, finalise:480p"),
        _project(),
        sa.Column("attempts", sa.Integer, nullable=False, comment="how often it was begun"),
        sa.Column(
            "failures",
            sa.Integer,
            nullable=False,
            server_default=sa.text("0"),
            comment="how often it ended badly",
        ),
        sa.Column("last_error", sa.Text),
        sa.Column("begun_at", TIME, nullable=False),
    )
    op.create_table(
        "objects",
        sa.Column("key", sa.Text, primary_key=True),
        _project(),
        sa.Column(
            "video_id", sa.UUID, nullable=False, comment="no foreign key: it outlives its video until swept"
        ),
        sa.Column(
            "slot", sa.Text, nullable=False, comment="what it is for; attempts at the same thing share a slot"
        ),
        sa.Column("state", sa.Text, nullable=False, comment="writing, kept, doomed or refused"),
        sa.Column("due_at", TIME, comment="when a doomed one is to be deleted"),
        _created(),
    )
    op.create_index("ix_objects_video_id_slot", "objects", ["video_id", "slot"])
    unkept = sa.text("state <> 'kept'")
    op.create_index("ix_objects_unkept", "objects", ["state", "created_at"], postgresql_where=unkept)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _project(),
        sa.Column("video_id", sa.UUID, comment="no foreign key: the log outlives the video"),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        _created(),
    )
    op.create_index("ix_events_project_id_id", "events", ["project_id", "id"])
    op.create_table(
        "webhooks",
        sa.Column("id", sa.UUID, primary_key=True),
        _project(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False, comment="hyperserve or standard"),
        sa.Column("events", ARRAY(sa.Text), comment="event types wanted; null for all"),
        sa.Column("secret", sa.Text, nullable=False),
        _created(),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _project(),
        sa.Column("webhook_id", sa.UUID, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event_id", sa.BigInteger, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("next_at", TIME, comment="when it is due; null once it is over"),
        sa.Column("delivered_at", TIME),
        sa.Column("last_status", sa.Integer, comment="the receiver's last HTTP status"),
        sa.Column("last_error", sa.Text),
        _created(),
        sa.UniqueConstraint("webhook_id", "event_id"),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_deliveries_due", "deliveries", ["next_at"], postgresql_where=due)
