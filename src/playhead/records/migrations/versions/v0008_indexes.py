"""Indexes: of sources whose container has no table of its frames, kept as objects of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("index_key", sa.Text, comment="object key of its source's index"))
