"""Events of sockets that have no session, and of their limits."""

from enum import StrEnum

from msgspec import Struct


class SocketLimitSet(Struct, frozen=True):
    """The process starts with this limit on the sockets of clients."""

    sockets: int
    descriptors: int
    """``RLIMIT_NOFILE``."""
    needed: int
    """The descriptors that the settings need; if more than ``descriptors``, handshakes are refused earlier."""


class PendingSocketsCounted(Struct, frozen=True):
    """The number of open sockets without a session has changed."""

    pending: int


class DropReason(StrEnum):
    """Why a socket without a session was closed."""

    TIMEOUT = "timeout"
    """Its request was not complete within ``REQUEST_TIMEOUT``."""
    TOO_LARGE = "too_large"
    """Its request exceeded ``MAX_REQUEST_SIZE``."""
    INVALID = "invalid"
    """Its request was not valid HTTP."""
    STALLED = "stalled"
    """It did not read its response for ``CHUNK_TIMEOUT``."""
    EVICTED = "evicted"
    """Another socket needed its place."""


class SocketDropped(Struct, frozen=True):
    reason: DropReason


class AcceptPaused(Struct, frozen=True):
    """No further socket can be accepted."""

    reason: str


class AcceptResumed(Struct, frozen=True):
    """A socket was accepted again."""

    seconds: float
