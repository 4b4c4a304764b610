"""A part that cannot be made is left out of its video, which says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "v0015"
down_revision = "v0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "left_out",
        sa.Column("video_id", UUID, nullable=False),
        sa.Column("part", sa.Text, nullable=False, comment="poster, sound or captions"),
        sa.Column(
            "name",
            sa.Text,
            nullable=False,
            server_default=sa.text("''"),
            comment="of one among several: a sound's track, captions' language",
        ),
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("error_code", sa.Text, nullable=False),
        sa.Column("error_detail", sa.Text),
        sa.PrimaryKeyConstraint("video_id", "part", "name", name="pk_left_out"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_left_out_video_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_left_out_project_id", ondelete="CASCADE"
        ),
    )
