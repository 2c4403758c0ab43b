"""The tables of results, as gateway/migrations makes them. Times are seconds since the epoch, UTC."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

results = sa.Table(
    "results",
    metadata,
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
    sa.Index("ix_results_id_hash", "id_hash", "owner", "asked_at"),
    sa.Index("ix_results_handle_hash", "handle_hash", "owner", "asked_at"),
    sa.Index("ix_results_owner", "owner", "asked_at"),
    sa.Index("ix_results_expires_at", "expires_at"),
    sa.Index("ix_results_checked_at", "platform", "checked_at"),
)
"""Answers. `checked_at`: when the platform last said that the account is there."""

corrections = sa.Table(
    "corrections",
    metadata,
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
    sa.Index("ix_corrections_id_hash", "id_hash"),
    sa.Index("ix_corrections_handle_hash", "handle_hash"),
    sa.Index("ix_corrections_state", "state", "made_at"),
)
"""What somebody says would have been right. `profile` is disguised (gateway/results/disguise.py)."""

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("account_hash", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("deleted_at", sa.Float(53), nullable=False),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
)
"""That an account was deleted, for one owner or ('') for all: nothing of it up to then may ever come back."""
