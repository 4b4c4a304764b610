"""Grants, which let browsers create uploads, and uploads that complete by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("resolutions", ARRAY(sa.Text), comment="what may be asked for; null for anything"),
        sa.Column(
            "is_public",
            sa.Boolean,
            comment="false: its videos are private; null or true: the uploader may say",
        ),
        sa.Column(
            "metadata",
            JSONB,
            comment="given to each of its videos; what the uploader says does not replace it",
        ),
        sa.Column("max_bytes", sa.BigInteger, comment="the largest file that may be sent under it"),
        sa.Column("max_uploads", sa.Integer),
        sa.Column("uploads_made", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    op.add_column(
        "uploads", sa.Column("auto_complete", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.add_column(
        "uploads",
        sa.Column(
            "max_bytes",
            sa.BigInteger,
            comment="how large the file may be, where that was narrowed by a grant",
        ),
    )
    op.add_column("uploads", sa.Column("grant_id", sa.UUID, sa.ForeignKey("grants.id", ondelete="SET NULL")))
    op.add_column(
        "uploads", sa.Column("tus", JSONB, comment="metadata and concat, as its tus client sent them")
    )
