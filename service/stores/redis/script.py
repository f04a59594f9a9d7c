"""A Lua script, which Redis executes atomically."""

import hashlib

from service.events import Operation


class Script:
    """It begins with functions that it shares with others."""

    __slots__ = ("digest", "operation", "text")

    def __init__(self, operation: Operation, text: str, *shared: str) -> None:
        self.operation = operation
        self.text = "".join((*shared, text))
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        """The name under which Redis has cached the script after its first call."""
