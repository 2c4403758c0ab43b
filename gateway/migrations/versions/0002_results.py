"""Results, corrections, tombstones of deleted accounts, and what each key has spent on a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "results",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(20)),
        sa.Column("handle", sa.String(64)),
        sa.Column("id_hash", sa.String(40)),
        sa.Column("handle_hash", sa.String(40)),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("unsure", sa.Boolean, nullable=False),
        sa.Column("probabilities", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("model_version", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String(64)),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("emulated", sa.Boolean, nullable=False),
        sa.Column("private", sa.Boolean),
        sa.Column("fetched_at", sa.Float(53), nullable=False),
        sa.Column("asked_at", sa.Float(53), nullable=False),
        sa.Column("checked_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
    )
    op.create_index("ix_results_id_hash", "results", ["id_hash", "owner", "asked_at"])
    op.create_index("ix_results_handle_hash", "results", ["handle_hash", "owner", "asked_at"])
    op.create_index("ix_results_owner", "results", ["owner", "asked_at"])
    op.create_index("ix_results_expires_at", "results", ["expires_at"])
    op.create_index("ix_results_checked_at", "results", ["platform", "checked_at"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("result_id", sa.String(32), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("id_hash", sa.String(40)),
        sa.Column("handle_hash", sa.String(40)),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("answered_label", sa.String(16), nullable=False),
        sa.Column("model_version", sa.BigInteger, nullable=False),
        sa.Column("emulated", sa.Boolean, nullable=False),
        sa.Column("comment", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("decided_at", sa.Float(53)),
        sa.Column("decided_by", sa.String(64)),
        sa.UniqueConstraint("owner", "result_id"),
    )
    op.create_index("ix_corrections_id_hash", "corrections", ["id_hash"])
    op.create_index("ix_corrections_handle_hash", "corrections", ["handle_hash"])
    op.create_index("ix_corrections_state", "corrections", ["state", "made_at"])
    op.create_table(
        "tombstones",
        sa.Column("account_hash", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("deleted_at", sa.Float(53), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
    )
    op.create_table(
        "spending",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("micro_usd", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    for name in ("spending", "tombstones", "corrections", "results"):
        op.drop_table(name)
