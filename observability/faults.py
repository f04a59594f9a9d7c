"""What may be reported of an unexpected exception: its causes, and its text where the text cannot quote content."""

from collections.abc import Iterator

from service.protocol.errors import StreamingError
from service.session.ports import RemoteFault

_SAFE_TEXTS = (RemoteFault, StreamingError, AttributeError, ImportError, MemoryError, NameError, RecursionError)
"""Their texts are constants of the service, or name identifiers of the program."""

_MAX_EXCEPTIONS = 20


def exception_chain(exception: BaseException) -> Iterator[BaseException]:
    """The exception, its causes and the members of groups; the latest first, each once, at most 20."""
    pending = [exception]
    seen: set[int] = set()
    while pending and len(seen) < _MAX_EXCEPTIONS:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            pending.extend(reversed(current.exceptions))
        cause = current.__cause__ if current.__suppress_context__ else current.__context__
        if cause is not None:
            pending.append(cause)


def root_cause_name(exception: BaseException) -> str:
    """The class of the first cause of an exception."""
    return qualified_name(type([*exception_chain(exception)][-1]))


def safe_text(exception: BaseException) -> str | None:
    """The text of an exception of the service, the interpreter or the operating system; others may quote content."""
    if isinstance(exception, _SAFE_TEXTS):
        return str(exception)
    if isinstance(exception, OSError):
        return exception.strerror
    return None


def qualified_name(kind: type[BaseException]) -> str:
    """The name of an exception class with its module, unless it is a builtin."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
