"""Migration of the tables in PostgreSQL to this version."""

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
"""Not the default of Alembic, as another application may use the same database."""
_LOCK = 0x75736167  # "usag" in ASCII: the key of an advisory lock that no other application uses
_LOCK_SECONDS = 60


class MigrationFailed(Exception):
    """Nothing was changed. The text is the reason, without the password."""

    def __init__(self, text: str, *, reached: bool) -> None:
        super().__init__(text)
        self.reached = reached
        """Whether the database was reached."""


class Migration(NamedTuple):
    before: str | None
    """The version before; ``None`` for a database without the tables."""
    after: str


def migrate(url: str) -> Migration:
    """Migrate the database to this version in one transaction; concurrent calls wait for each other.

    Raises ``MigrationFailed``, also after a minute without the lock.
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
