"""Run by Alembic: applies the changes over the connection that gateway/database.py hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
