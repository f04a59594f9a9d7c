"""The ``migrate`` command."""

import sys

from service.cli.exits import Exit
from service.settings import SettingsError, load_settings
from service.usage.migrate import MigrationFailed
from service.usage.migrate import migrate as migrate_database


def migrate() -> int:
    """Migrate the database of the settings to this version and print the result."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    if settings.database_url is None:
        print(
            f"DATABASE_URL is not set: usage is stored in {settings.data_dir}, and no database needs a migration.",
            file=sys.stderr,
        )
        return Exit.USAGE
    try:
        migration = migrate_database(settings.database_url.get_secret_value())
    except MigrationFailed as error:
        result = "was not migrated" if error.reached else "cannot be reached"
        print(f"The database {result}: {error}.", file=sys.stderr)
        return Exit.FAILED if error.reached else Exit.USAGE
    if migration.before == migration.after:
        print(f"The database is already at version {migration.after}.")
    elif migration.before is None:
        print(f"The database is at version {migration.after}; the tables are new.")
    else:
        print(f"The database is at version {migration.after}; it was at version {migration.before}.")
    return Exit.DONE
