"""Old events are forgotten, and with each how it was delivered."""

from __future__ import annotations

from alembic import op

revision = "v0016"
down_revision = "v0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_deliveries_event_id", "deliveries", ["event_id"])
