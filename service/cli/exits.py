"""The exit codes of the commands."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of all commands; the last two are 128 + the number of the signal that they stand for."""

    DONE = 0
    FAILED = 1
    """The server returned an error or closed the connection; a check failed."""
    USAGE = 2
    """A usage error, or a server that cannot be reached."""
    INTERRUPTED = 130
    PIPE_CLOSED = 141
