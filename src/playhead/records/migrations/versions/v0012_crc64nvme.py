"""Uploads whose sender has declared the checksum that S3 keeps of whole objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0012"
down_revision = "v0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("crc64nvme", sa.LargeBinary, comment="of the whole file, as declared"))
