"""Tracebacks without the values of variables and without texts that may quote content."""

from traceback import format_tb

from observability.faults import exception_chain, qualified_name, safe_text

_MAX_FRAMES = 50
"""The innermost frames of each exception: a runaway recursion has a thousand."""


def safe_traceback(exception: BaseException) -> str:
    """A traceback in the form of Python's own, the first cause first.

    The text of an exception is included only where ``safe_text`` returns it.
    """
    return "\n\nwhich led to\n\n".join(_format(cause) for cause in reversed([*exception_chain(exception)]))


def _format(exception: BaseException) -> str:
    text = safe_text(exception)
    frames = "".join(format_tb(exception.__traceback__, limit=-_MAX_FRAMES))
    name = qualified_name(type(exception))
    return f"Traceback (most recent call last):\n{frames}{name}{f': {text}' if text else ''}"
