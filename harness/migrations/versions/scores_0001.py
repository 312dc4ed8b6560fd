"""Worlds, runs, samples."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "world",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("scenario", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("world", sa.String(), sa.ForeignKey("world.name"), nullable=False, index=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime()),
        sa.Column("outcome", sa.String()),
    )
    op.create_table(
        "sample",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("world", sa.String(), sa.ForeignKey("world.name"), nullable=False, index=True),
        sa.Column("run", sa.Integer(), sa.ForeignKey("run.id")),
        sa.Column("tick", sa.Integer(), nullable=False),
        sa.Column("production_score", sa.Float(), nullable=False),
        sa.Column("automated_score", sa.Float(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False, index=True),
    )
