"""Uploads whose sender has declared what the file must add up to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("sha256", sa.LargeBinary, comment="of the whole file, as declared"))
    op.add_column(
        "uploads",
        sa.Column("verified_at", sa.DateTime(timezone=True), comment="when the file was seen to have it"),
    )
