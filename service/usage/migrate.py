"""The tables in PostgreSQL, brought up to this version."""

from pathlib import Path
from typing import NamedTuple

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from service.usage.postgres import connect, reason

VERSION_TABLE = "usage_version"
"""Of our own, so that the database may be another application's too."""
_LOCK = 0x75736167  # "usag": any number that nobody else locks
_LOCK_SECONDS = 60


class MigrationFailed(Exception):
    """Nothing was changed. The text says why, without the password."""

    def __init__(self, text: str, *, reached: bool) -> None:
        super().__init__(text)
        self.reached = reached
        """Whether the database was there."""


class Migration(NamedTuple):
    before: str | None
    """The version that was found; ``None`` for a database without our tables."""
    after: str


def migrate(url: str) -> Migration:
    """Bring the database up to this version, wholly or not at all; two at once take turns.

    Raises ``MigrationFailed``. Waits at most a minute for its turn.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(url, autocommit=False), poolclass=NullPool)
    reached = False
    try:
        with engine.begin() as connection:
            reached = True
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            before = found.get_current_revision()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        after = ScriptDirectory.from_config(config).get_current_head()
        assert after is not None
        return Migration(before, after)
    except DBAPIError as error:
        why = reason(error.orig, url) if isinstance(error.orig, psycopg.Error) else type(error).__name__
        raise MigrationFailed(why, reached=reached) from None
    except psycopg.Error as error:
        raise MigrationFailed(reason(error, url), reached=reached) from None
    except CommandError:
        raise MigrationFailed("it is of a newer version than this service", reached=True) from None
