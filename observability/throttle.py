"""What keeps one thing that happens too often from drowning all others."""

import threading
from collections.abc import Callable

from msgspec import Struct


class _Window(Struct):
    ends_at: float
    left: int
    held_back: int = 0


class Throttle:
    """Lets so many of a kind through in a window of time, and counts the others.

    Kinds are kept: there must not be more of them than the code has places. May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.RLock()  # a warning out of a finaliser may come in the middle of all this

    def admits(self, kind: str, burst: int, seconds: float) -> bool:
        """Whether one more may pass; a kind's first opens its window."""
        with self._lock:
            now = self._clock()
            window = self._windows.get(kind)
            if window is None or (now >= window.ends_at and not window.held_back):
                window = self._windows[kind] = _Window(now + seconds, burst)
            if window.left > 0:
                window.left -= 1
                return True
            window.held_back += 1
            return False

    def settled(self, *, at_once: bool = False) -> list[tuple[str, int]]:
        """The kinds of which some were held back in a window that is over, and how many; each is told once.

        ``at_once`` ends all windows.
        """
        with self._lock:
            now = self._clock()
            over = [(kind, window) for kind, window in self._windows.items() if at_once or now >= window.ends_at]
            for kind, _ in over:
                del self._windows[kind]
            return [(kind, window.held_back) for kind, window in over if window.held_back]
