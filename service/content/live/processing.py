"""Errors of a document that is still being written."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.protocol.errors import ProcessingFailed, StreamingError

_NATIVE_PANIC = "PanicException"
"""Raised by a bug in a Rust library: not an ``Exception``, and of a class that cannot be imported."""


@contextmanager
def processing() -> Iterator[None]:
    """Convert an unexpected exception into an error of the protocol."""
    try:
        yield
    except StreamingError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _NATIVE_PANIC:
            raise
        raise ProcessingFailed("The content could not be processed. Try again, or send it as text.") from error
