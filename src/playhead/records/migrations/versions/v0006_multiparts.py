"""Multiparts: files that clients send straight to the store, and what has become of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "multiparts",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("upload_id", sa.UUID, nullable=False, comment="stays known when the upload is gone"),
        sa.Column("video_id", sa.UUID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, comment="parts or form"),
        sa.Column("key", sa.Text, nullable=False, comment="object key in quarantine"),
        sa.Column("attempt", sa.Text, comment="the store's name for it, once it has begun"),
        sa.Column("state", sa.Text, nullable=False, comment="open, joined or cleared"),
        sa.Column("size", sa.BigInteger, comment="of the whole object, once it is known"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
    )
    op.create_index("ix_multiparts_upload_id", "multiparts", ["upload_id"])
    op.create_index(
        "ix_multiparts_uncleared",
        "multiparts",
        ["created_at"],
        postgresql_where=sa.text("state <> 'cleared'"),
    )
