"""Rows of batches: whether the account was private when it was read, and when the platform last said it is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add two columns that may stay empty, so that processes of the version before go on writing."""
    op.add_column("batch_rows", sa.Column("private", sa.Boolean))
    op.add_column("batch_rows", sa.Column("checked_at", sa.Float(53)))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("batch_rows", "checked_at")
    op.drop_column("batch_rows", "private")
