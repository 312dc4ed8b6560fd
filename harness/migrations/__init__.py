"""The database's changes of form, one file each: an older data folder still opens."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect

FIRST = "0001"
"""The form of databases that say nothing of theirs."""


def upgrade(engine: Engine) -> None:
    """Bring a database to the form that `harness.tables` describes; an empty one is filled.

    Raises:
        SQLAlchemyError: it can't be opened or changed.
    """
    config = Config()
    config.set_main_option("script_location", "harness:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        tables = inspect(connection).get_table_names()
        if "run" in tables and "alembic_version" not in tables:
            command.stamp(config, FIRST)
        command.upgrade(config, "head")
