"""The limit of the operating system on open descriptors, which is also one on sockets."""

import resource
from contextlib import suppress

from msgspec import Struct

from service.settings import Settings

_RESERVED = 128
"""Descriptors for everything but sockets of clients: listeners, stores, logs, telemetry. A process has 30 to 60."""


class DescriptorLimit(Struct, frozen=True):
    """``RLIMIT_NOFILE`` of this process."""

    descriptors: int
    needed: int
    """What the settings need."""

    @property
    def sockets(self) -> int:
        """How many sockets of clients may be open."""
        return max(1, min(self.descriptors, self.needed) - _RESERVED)


def raise_descriptor_limit(settings: Settings) -> DescriptorLimit:
    """Raise the soft limit to what the settings need, as far as the hard limit allows. Workers inherit it."""
    needed = settings.max_connections + pending_sockets(settings) + _RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < needed:
        raised = needed if hard == unlimited else min(needed, hard)
        with suppress(OSError, ValueError):  # the kernel has a limit of its own, fs.nr_open
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
    return DescriptorLimit(needed if soft == unlimited else soft, needed)


def pending_sockets(settings: Settings) -> int:
    """How many sockets may have no session: at least as many as sessions, as they may all begin at once."""
    return max(settings.max_pending_sockets, settings.max_connections)
