"""Batches, their rows and lanes, the lines that became no row, and the rows drawn for review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the five tables."""
    op.create_table(
        "batches",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.String(400)),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("body_digest", sa.String(64)),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("confirmed_at", sa.Float(53)),
        sa.Column("ended_at", sa.Float(53)),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("bad_lines", sa.Integer, nullable=False),
        sa.Column("plan", sa.Text),
        sa.Column("planned_at", sa.Float(53)),
        sa.Column("explain", sa.Boolean, nullable=False),
        sa.Column("model_version", sa.BigInteger),
        sa.Column("model_missing_since", sa.Float(53)),
        sa.Column("emulated", sa.Boolean, nullable=False),
        sa.UniqueConstraint("owner", "idempotency_key"),
    )
    op.create_index("ix_batches_owner", "batches", ["owner", "created_at"])
    op.create_table(
        "batch_lanes",
        _batch(),
        sa.Column("platform", sa.String(16), primary_key=True),
        sa.Column("by_id", sa.Boolean, primary_key=True),
        sa.Column("ready_at", sa.Float(53), nullable=False),
        sa.Column("turn_at", sa.Float(53), nullable=False),
        sa.Column("ticket", sa.String(256)),
        sa.Column("reason", sa.String(400)),
    )
    op.create_table(
        "batch_rows",
        _batch(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("by_id", sa.Boolean, nullable=False),
        sa.Column("handle", sa.String(64)),
        sa.Column("account_id", sa.String(20)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("available_at", sa.Float(53), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claim", sa.String(32)),
        sa.Column("lease_until", sa.Float(53)),
        sa.Column("done_at", sa.Float(53)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("detail", sa.String(400)),
        sa.Column("label", sa.String(16)),
        sa.Column("unsure", sa.Boolean),
        sa.Column("p_regular", sa.Float),
        sa.Column("p_bot", sa.Float),
        sa.Column("p_influencer", sa.Float),
        sa.Column("p_fake", sa.Float),
        sa.Column("confidence", sa.Float),
        sa.Column("model_version", sa.BigInteger),
        sa.Column("facts_known", sa.Integer),
        sa.Column("fetched_at", sa.Float(53)),
        sa.Column("method", sa.String(64)),
        sa.Column("cached", sa.Boolean),
        sa.Column("contributions", sa.Text),
    )
    op.create_index("ix_batch_rows_work", "batch_rows", ["batch_id", "state", "platform", "by_id", "number"])
    op.create_index("ix_batch_rows_counts", "batch_rows", ["batch_id", "state", "outcome", "label", "unsure"])
    op.create_index("ix_batch_rows_handle", "batch_rows", ["platform", "handle"])
    op.create_index("ix_batch_rows_account", "batch_rows", ["platform", "account_id"])
    op.create_table(
        "batch_lines",
        _batch(),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(400), nullable=False),
    )
    op.create_table(
        "batch_samples",
        _batch(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("label_1", sa.String(16)),
        sa.Column("label_2", sa.String(16)),
    )


def downgrade() -> None:
    """Forget all batches."""
    for name in ("batch_samples", "batch_lines", "batch_rows", "batch_lanes", "batches"):
        op.drop_table(name)


def _batch() -> sa.Column[str]:
    return sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
