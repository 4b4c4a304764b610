"""Captions of videos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "captions",
        sa.Column("video_id", sa.UUID, sa.ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("language", sa.Text, primary_key=True, comment="an RFC 5646 tag"),
        sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.Text, comment="what a menu calls them"),
        sa.Column(
            "stream", sa.Integer, comment="the source's stream they are taken from; null for those sent apart"
        ),
        sa.Column("key", sa.Text, comment="object key of the WebVTT, once there is one"),
        sa.Column("cues", sa.Integer),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
    )
    op.create_index("ix_captions_due", "captions", ["video_id"], postgresql_where=sa.text("key IS NULL"))
