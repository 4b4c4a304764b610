"""What partials may bring counts for their project; those that wait now have reserved nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0013"
down_revision = "v0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "partials",
        sa.Column(
            "reserved_bytes",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="until it became a part",
        ),
    )
