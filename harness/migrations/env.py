"""How Alembic reaches the database: by the connection that `harness.migrations.upgrade` was given."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import harness.tables  # noqa: F401 (which fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
