"""Limits of projects and what they use, turns of videos, fetches from URLs, and answers to be repeated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
_ZERO = sa.text("0")


def upgrade() -> None:
    _limits()
    _turns()
    _fetches()
    _answers()


def _limits() -> None:
    for column in (
        sa.Column("max_bytes", sa.BigInteger, comment="of uploaded files; null, here and below: no limit"),
        sa.Column("max_videos", sa.Integer),
        sa.Column("max_open_uploads", sa.Integer),
        sa.Column("max_creates_per_minute", sa.Integer),
        sa.Column(
            "used_bytes", sa.BigInteger, nullable=False, server_default=_ZERO, comment="kept and reserved"
        ),
        sa.Column("used_videos", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("used_open_uploads", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("creates_left", sa.Float, comment="what was in the token bucket at creates_at"),
        sa.Column("creates_at", TIME),
    ):
        op.add_column("projects", column)
    op.add_column(
        "uploads",
        sa.Column(
            "reserved_bytes", sa.BigInteger, nullable=False, server_default=_ZERO, comment="while it is open"
        ),
    )
    # What there is already counts; uploads that are open now have reserved nothing.
    op.execute(
        "UPDATE projects SET"
        " used_videos = (SELECT count(*) FROM videos WHERE project_id = projects.id),"
        " used_bytes = (SELECT coalesce(sum(source_size), 0) FROM videos WHERE project_id = projects.id),"
        " used_open_uploads = (SELECT count(*) FROM uploads"
        " WHERE project_id = projects.id AND state IN ('waiting', 'received'))"
    )


def _turns() -> None:
    op.add_column(
        "videos",
        sa.Column(
            "turn", sa.BigInteger, comment="its place among the projects' videos, once it is processed"
        ),
    )
    op.execute("UPDATE videos SET turn = 0 WHERE status = 'processing'")
    processing = sa.text("status = 'processing'")
    op.create_index("ix_videos_turn", "videos", ["project_id", "turn"], postgresql_where=processing)


def _project(*, primary_key: bool = False) -> sa.Column[object]:
    project = sa.ForeignKey("projects.id", ondelete="CASCADE")
    return sa.Column("project_id", sa.UUID, project, nullable=False, primary_key=primary_key)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()"))


def _fetches() -> None:
    op.create_table(
        "fetches",
        sa.Column("video_id", sa.UUID, sa.ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
        _project(),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False, comment="as of videos"),
        sa.Column(
            "validator",
            sa.Text,
            comment="names the version of the file that is arriving: ETag or Last-Modified",
        ),
        sa.Column(
            "kept_bytes", sa.BigInteger, nullable=False, server_default=_ZERO, comment="by the last attempt"
        ),
        sa.Column(
            "begun", sa.Integer, nullable=False, server_default=_ZERO, comment="attempts without an end"
        ),
        sa.Column(
            "failures", sa.Integer, nullable=False, server_default=_ZERO, comment="since more had arrived"
        ),
        sa.Column("last_error", sa.Text),
        sa.Column("next_at", TIME, nullable=False),
        _created(),
    )
    op.create_index("ix_fetches_next_at", "fetches", ["next_at"])


def _answers() -> None:
    op.create_table(
        "answers",
        _project(primary_key=True),
        sa.Column("key", sa.Text, primary_key=True, comment="the request's Idempotency-Key"),
        sa.Column("request", sa.LargeBinary, nullable=False, comment="SHA-256 of what was asked"),
        sa.Column("body", sa.Text, comment="JSON; null only inside of the transaction that makes it"),
        _created(),
    )
    op.create_index("ix_answers_created_at", "answers", ["created_at"])
