"""The traffic between two versions of the model: one row, everything to stable at first."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table and its only row, with a salt of this installation."""
    table = op.create_table(
        "traffic",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("canary_share", sa.Float, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.Column("max_error_rate", sa.Float, nullable=False),
        sa.Column("max_latency_ratio", sa.Float, nullable=False),
        sa.Column("min_agreement", sa.Float, nullable=False),
        sa.Column("min_requests", sa.Integer, nullable=False),
        sa.Column("rolled_back_at", sa.String(40)),
        sa.Column("rolled_back_version", sa.BigInteger),
        sa.Column("rolled_back_reason", sa.String(400)),
    )
    row = {"id": 1, "revision": 0, "salt": secrets.token_hex(16), "canary_share": 0.0, "shadow": False}
    bounds = {"max_error_rate": 0.02, "max_latency_ratio": 2.0, "min_agreement": 0.8, "min_requests": 50}
    op.bulk_insert(table, [row | bounds])


def downgrade() -> None:
    """Forget the traffic."""
    op.drop_table("traffic")
