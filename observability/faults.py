"""What may be told of an exception that nobody foresaw: where it came up, and its text if that holds no content."""

from collections.abc import Iterator

from service.protocol.errors import StreamingError

_HARMLESS = (StreamingError, AttributeError, ImportError, MemoryError, NameError, RecursionError)
"""Their texts are sentences of ours, or the interpreter's of names in the program."""

_MOST = 20


def chain(exception: BaseException) -> Iterator[BaseException]:
    """The exception, what it came from, and the members of groups; the latest first, each once, at most twenty."""
    waiting = [exception]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(reversed(one.exceptions))
        before = one.__cause__ if one.__suppress_context__ else one.__context__
        if before is not None:
            waiting.append(before)


def safe_text(exception: BaseException) -> str | None:
    """The exception's text if it is ours, the interpreter's or the operating system's; any other may quote content."""
    if isinstance(exception, _HARMLESS):
        return str(exception)
    if isinstance(exception, OSError):
        return exception.strerror
    return None
