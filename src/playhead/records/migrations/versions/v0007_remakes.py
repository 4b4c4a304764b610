"""Making everything of a video once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "videos",
        sa.Column(
            "generation",
            sa.Integer,
            nullable=False,
            server_default=sa.text("1"),
            comment="how often it was made",
        ),
    )
    op.add_column(
        "videos",
        sa.Column("replaces", sa.UUID, comment="of a remake: the video it is made for, and shown as"),
    )
    op.create_unique_constraint("uq_videos_replaces", "videos", ["replaces"])
