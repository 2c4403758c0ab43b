"""The tables of batches, as gateway/migrations makes them. Times are seconds since the epoch, UTC."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

batches = sa.Table(
    "batches",
    metadata,
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
    sa.Index("ix_batches_owner", "owner", "created_at"),
)

lanes = sa.Table(
    "batch_lanes",
    metadata,
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("platform", sa.String(16), primary_key=True),
    sa.Column("by_id", sa.Boolean, primary_key=True),
    sa.Column("ready_at", sa.Float(53), nullable=False),
    sa.Column("turn_at", sa.Float(53), nullable=False),
    sa.Column("ticket", sa.String(256)),
    sa.Column("reason", sa.String(400)),
)
"""What of a batch may go into one request: one platform's handles, or its ids. Nothing is asked before `ready_at`."""

rows = sa.Table(
    "batch_rows",
    metadata,
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
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
    sa.Column("private", sa.Boolean),
    sa.Column("checked_at", sa.Float(53)),
    sa.Index("ix_batch_rows_work", "batch_id", "state", "platform", "by_id", "number"),
    sa.Index("ix_batch_rows_counts", "batch_id", "state", "outcome", "label", "unsure"),
    sa.Index("ix_batch_rows_handle", "platform", "handle"),
    sa.Index("ix_batch_rows_account", "platform", "account_id"),
)
"""`handle` and `account_id` hold what was asked for, and the other of the two once it is known. `checked_at`: when the
platform last said that the account is there, where that was after it was read."""

lines = sa.Table(
    "batch_lines",
    metadata,
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("detail", sa.String(400), nullable=False),
)
"""Lines of the input that became no row: `bad` or `duplicate`."""

samples = sa.Table(
    "batch_samples",
    metadata,
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("label_1", sa.String(16)),
    sa.Column("label_2", sa.String(16)),
)
"""The rows drawn for review, in the order in which they are shown, and what up to two people said of each."""

SCORES = {"regular": rows.c.p_regular, "bot": rows.c.p_bot, "influencer": rows.c.p_influencer, "fake": rows.c.p_fake}
"""Class -> its column."""
