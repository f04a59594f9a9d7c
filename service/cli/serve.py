"""The ``serve`` command."""

import sys

from service.app import ready_for_workers
from service.process.listeners import Listeners
from service.process.server import run
from service.settings import SettingsError, load_settings


def serve() -> int:
    """Serve until a signal. The exit code is 0, or 2 if a setting is invalid."""
    try:
        settings = load_settings()
        with ready_for_workers(settings) as workers:
            return run("service.app:create_app", settings, workers, _print_address)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


def _print_address(listeners: Listeners) -> None:
    """Print the address of the test page, on a terminal only: elsewhere, standard error may be collected as a log."""
    if sys.stderr.isatty():
        print(f"Test page: {listeners.url}/websocket-test", file=sys.stderr)
