"""Grants that are long over are forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0017"
down_revision = "v0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_grants_expires_at", "grants", ["expires_at"])
    op.create_index(
        "ix_uploads_grant_id", "uploads", ["grant_id"], postgresql_where=sa.text("grant_id IS NOT NULL")
    )
