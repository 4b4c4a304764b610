"""What of a sound is encoded, while the rest still is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0011"
down_revision = "v0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stretches",
        sa.Column("video_id", sa.UUID, sa.ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("track", sa.Text, primary_key=True, comment="such as audio"),
        sa.Column("number", sa.Integer, primary_key=True, comment="in order, from 0"),
        sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="object key"),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("packets", sa.Integer, nullable=False, comment="how many it has"),
    )
