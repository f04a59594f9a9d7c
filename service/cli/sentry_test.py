"""The ``sentry-test`` command."""

import sys

from service.app import send_test_event
from service.cli.exits import Exit
from service.settings import SettingsError, load_settings


def sentry_test() -> int:
    """Send one event with the settings in force and say what became of it."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    if settings.sentry_dsn is None:
        print("SENTRY_DSN is not set: faults are reported nowhere.", file=sys.stderr)
        return Exit.USAGE
    attempt = send_test_event(settings)
    if attempt.problem:
        print(attempt.problem, file=sys.stderr)
        return Exit.FAILED if attempt.refused else Exit.USAGE
    print(
        f"{attempt.host} took event {attempt.event_id}: environment {attempt.environment}, release {attempt.release}."
    )
    return Exit.DONE
