"""Forms are looked for as long as their uploads are open, and the more seldom the longer they do not come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0014"
down_revision = "v0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "multiparts",
        sa.Column(
            "looked_at",
            sa.DateTime(timezone=True),
            comment="when a worker last looked whether it has come",
        ),
    )
