"""The ``sentry-test`` command."""

import sys

from service.app import send_test_event
from service.cli.exits import Exit
from service.settings import SettingsError, load_settings


def sentry_test() -> int:
    """Send one event with the settings and print the result."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    if settings.sentry_dsn is None:
        print("SENTRY_DSN is not set: faults are not reported.", file=sys.stderr)
        return Exit.USAGE
    attempt = send_test_event(settings)
    if attempt.problem:
        print(attempt.problem, file=sys.stderr)
        return Exit.FAILED if attempt.refused else Exit.USAGE
    labels = f"environment {attempt.environment}, release {attempt.release}"
    print(f"{attempt.host} accepted event {attempt.event_id}: {labels}.")
    return Exit.DONE
