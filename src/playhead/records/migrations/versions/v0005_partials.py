"""Partials: files that will be put together into one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    grant = sa.ForeignKey("grants.id", ondelete="CASCADE")
    upload = sa.ForeignKey("uploads.id", ondelete="CASCADE")
    op.create_table(
        "partials",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("project_id", sa.UUID, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("grant_id", sa.UUID, grant, comment="whose limits it counts for"),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("tus_metadata", sa.Text, nullable=False, comment="as its client sent it"),
        sa.Column("upload_id", sa.UUID, upload, comment="what it became a part of"),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    op.create_index("ix_partials_expires_at", "partials", ["expires_at"])
    op.create_index("ix_partials_grant_id", "partials", ["grant_id"])
