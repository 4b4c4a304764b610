"""How loud a video is to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "videos",
        sa.Column(
            "loudness",
            sa.Text,
            nullable=False,
            server_default=sa.text("'source'"),
            comment="model.loudness",
        ),
    )
