"""How a command ends."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of all commands; the last two are 128 + the number of the signal that they stand for."""

    DONE = 0
    FAILED = 1
    """The server answered with an error or hung up; a check failed."""
    USAGE = 2
    """A mistake in what was asked, or no server to ask."""
    INTERRUPTED = 130
    PIPE_CLOSED = 141
