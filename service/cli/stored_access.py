"""The access store of the settings, for one command."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable

from service.access.ports import AccessStore
from service.app import audit_log
from service.cli.exits import Exit
from service.events import Event
from service.session.ports import StoreUnavailable
from service.settings import Settings, SettingsError, load_settings
from service.stores.factory import create_access_store


class _Unrecorded:
    """A ``Recorder`` for a command: what fails is printed."""

    def record(self, event: Event) -> None: ...


def audit(settings: Settings, event: Event) -> None:
    """Log what the command has done, on standard error."""
    with audit_log(settings) as log:
        log.record(event)


def system_user() -> str:
    """Return the user of the system who runs the command, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container without a password file
        return str(os.getuid())


def with_access_store(use: Callable[[AccessStore, Settings], Awaitable[int]]) -> int:
    """Return the exit code of ``use``, or ``Exit.USAGE`` after a sentence if the store cannot be used."""
    try:
        return asyncio.run(_open(load_settings(), use))
    except SettingsError as error:
        print(error, file=sys.stderr)
    except StoreUnavailable as error:
        print(f"The store of keys and revocations is unavailable: {error}.", file=sys.stderr)
    return Exit.USAGE


async def _open(settings: Settings, use: Callable[[AccessStore, Settings], Awaitable[int]]) -> int:
    selection = create_access_store(settings, _Unrecorded())
    try:
        if selection.degradation is not None:
            raise StoreUnavailable(selection.degradation.reason)
        return await use(selection.store, settings)
    finally:
        await selection.store.close()
