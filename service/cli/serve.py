"""The ``serve`` command."""

import sys

from service.settings import SettingsError, load_settings
from service.transport.server import Server, uvicorn_config


def serve() -> int:
    """Serve until a signal; the exit status is 0 then, and 2 if a setting is wrong."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    server = Server(uvicorn_config("service.app:create_app", settings), settings.drain_seconds)
    server.run()
    return 0 if server.started else 1
