"""The ``migrate`` command."""

import sys

from service.cli.exits import Exit
from service.settings import SettingsError, load_settings
from service.usage.migrate import MigrationFailed
from service.usage.migrate import migrate as migrate_database


def migrate() -> int:
    """Bring the database of the settings up to this version and say what was done."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    if settings.database_url is None:
        print(
            f"DATABASE_URL is not set: usage stays in {settings.data_dir}, and there is nothing to migrate.",
            file=sys.stderr,
        )
        return Exit.USAGE
    try:
        migration = migrate_database(settings.database_url.get_secret_value())
    except MigrationFailed as error:
        what = "was not migrated" if error.reached else "cannot be reached"
        print(f"The database {what}: {error}.", file=sys.stderr)
        return Exit.FAILED if error.reached else Exit.USAGE
    if migration.before == migration.after:
        print(f"The database is at version {migration.after} already.")
    elif migration.before is None:
        print(f"The database is at version {migration.after}; it had no tables of ours.")
    else:
        print(f"The database is at version {migration.after}; it was at {migration.before}.")
    return Exit.DONE
