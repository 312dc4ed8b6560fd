"""What is said and done in a run, what it costs, and what it gained."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WHOLE = ("input_tokens", "cached_tokens", "written_tokens", "output_tokens")


def usage() -> list[sa.Column[Any]]:
    """The columns of a `Usage`; rows that are there already have used nothing."""
    whole = [sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in WHOLE]
    return [*whole, sa.Column("dollars", sa.Float(), nullable=False, server_default="0")]


def upgrade() -> None:
    for column in usage():
        op.add_column("run", column)
    op.add_column("run", sa.Column("model", sa.String()))
    for name in ("steps", "tick_before", "tick"):
        op.add_column("run", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    for name in ("score_before", "automated_before", "production_score", "automated_score"):
        op.add_column("run", sa.Column(name, sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "message",
        sa.Column("run", sa.Integer(), sa.ForeignKey("run.id"), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        *usage(),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("stop_reason", sa.String()),
        sa.Column("unusable", sa.String()),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.String()),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
    )
    op.create_table(
        "call",
        sa.Column("run", sa.Integer(), sa.ForeignKey("run.id"), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("began", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime()),
        sa.Column("is_error", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.String()),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON()),
    )
