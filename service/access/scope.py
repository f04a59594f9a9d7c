"""The rights that a token gives: scopes, and the sessions for which they hold."""

import re
from collections.abc import Iterable
from typing import Self

from msgspec import Struct

from service.protocol.fields import DescribedEnum

MAX_PATTERNS = 32
MAX_PATTERN_LENGTH = 256

_PATTERN = re.compile(r"[^/\s]*(?:/[A-Za-z0-9_.:*-]*)?")


class Scope(DescribedEnum):
    STREAM = "stream", "send requests, recover streams and control them"
    WATCH = "watch", "connect, and read what others publish"
    PUBLISH = "publish", "write live streams"
    CONTROL = "control", "cancel a live stream for everybody"
    ADMIN = "admin", "read metrics and documents of the API, revoke tokens"


ENTRANCE = frozenset({Scope.STREAM, Scope.WATCH})
"""One of them is needed to open a connection."""


class SessionPattern(Struct, frozen=True):
    """The sessions, of one space or more, whose ids match. Only ``*`` has a meaning: any characters."""

    space: str | None
    """``None`` for the space of the token itself."""
    session_id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``id`` or ``space/id``; raises ``ValueError``. A space that has a ``/`` of its own has no pattern."""
        if len(text) > MAX_PATTERN_LENGTH or not text or _PATTERN.fullmatch(text) is None:
            raise ValueError(text)
        space, slash, session_id = text.rpartition("/")
        return cls(space if slash else None, session_id)

    def matches(self, own_space: str, space: str, session_id: str) -> bool:
        in_space = own_space == space if self.space is None else _matches(self.space, space)
        return in_space and _matches(self.session_id, session_id)


EVERY_SESSION = (SessionPattern(None, "*"),)
"""Of the space of the token."""


class Grant(Struct, frozen=True):
    """What a token allows in which sessions."""

    scopes: frozenset[Scope]
    sessions: tuple[SessionPattern, ...] = EVERY_SESSION

    @classmethod
    def parse(cls, scopes: Iterable[str], patterns: Iterable[str] | None) -> Self:
        """Read names of scopes, of which unknown ones give nothing, and patterns; ``None`` for the own space.

        Raises ``ValueError`` for an invalid pattern and for too many.
        """
        known = {scope.value for scope in Scope}
        read = EVERY_SESSION if patterns is None else tuple(SessionPattern.parse(pattern) for pattern in patterns)
        if len(read) > MAX_PATTERNS:
            raise ValueError(len(read))
        return cls(frozenset(Scope(scope) for scope in scopes if scope in known), read)

    def may_enter(self, own_space: str, session_id: str) -> bool:
        """Whether it may connect to a session of its own space."""
        return bool(self.scopes & ENTRANCE) and self.covers(own_space, own_space, session_id)

    def covers(self, own_space: str, space: str, session_id: str) -> bool:
        """Whether one of its patterns matches the session."""
        return any(pattern.matches(own_space, space, session_id) for pattern in self.sessions)


def _matches(pattern: str, text: str) -> bool:
    """In linear time for one ``*``, at most quadratic for many: neither side is long."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True
