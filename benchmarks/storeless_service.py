"""The service without a store that others could share: it counts in memory. ``python -m benchmarks.storeless_service``.

With ``STORE_CONTENT=off`` nothing is kept of a stream.
"""

import sys

from fastapi import FastAPI

from service.app import create_app as create_service
from service.process.server import run
from service.settings import load_settings
from service.stores.sqlite.store import SqliteSessionStore


def create_app() -> FastAPI:
    settings = load_settings()
    return create_service(settings, store=SqliteSessionStore(None, settings.limits, settings.resume_ttl))


if __name__ == "__main__":
    sys.exit(run("benchmarks.storeless_service:create_app", load_settings()))
