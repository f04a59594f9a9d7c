"""Tracebacks that show where, and never the values of variables."""

from traceback import format_exception, format_tb

from observability.faults import chain, safe_text

_FRAMES = 50
"""The innermost of each exception: a recursion that ran away has a thousand."""


def full_traceback(exception: BaseException) -> str:
    """As Python prints it."""
    return "".join(format_exception(exception, limit=-_FRAMES)).rstrip()


def careful_traceback(exception: BaseException) -> str:
    """The same without those exceptions' words that may quote content; the first cause comes first."""
    return "\n\nwhich led to\n\n".join(_told(one) for one in reversed([*chain(exception)]))


def _told(exception: BaseException) -> str:
    kind = type(exception)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    words = safe_text(exception)
    places = "".join(format_tb(exception.__traceback__, limit=-_FRAMES))
    return f"Traceback (most recent call last):\n{places}{name}{f': {words}' if words else ''}"
