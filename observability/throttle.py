"""A limit on how often each kind of thing passes within a window of time."""

import threading
from collections.abc import Callable

from msgspec import Struct


class _Window(Struct):
    ends_at: float
    left: int
    suppressed: int = 0


class Throttle:
    """Allows a number of each kind in a window of time and counts the others.

    Kinds are never forgotten, so there must be a fixed number of them. The methods may be called from any thread.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.RLock()  # a warning in a finaliser may re-enter

    def allows(self, kind: str, burst: int, seconds: float) -> bool:
        """Whether one more may pass; the first of a kind opens its window."""
        with self._lock:
            now = self._clock()
            window = self._windows.get(kind)
            if window is None or (now >= window.ends_at and not window.suppressed):
                window = self._windows[kind] = _Window(now + seconds, burst)
            if window.left > 0:
                window.left -= 1
                return True
            window.suppressed += 1
            return False

    def collect_suppressed(self, *, at_once: bool = False) -> list[tuple[str, int]]:
        """The kinds that exceeded their limit in a window that has ended, with the number suppressed; each once.

        ``at_once`` ends all windows.
        """
        with self._lock:
            now = self._clock()
            ended = [(kind, window) for kind, window in self._windows.items() if at_once or now >= window.ends_at]
            for kind, _ in ended:
                del self._windows[kind]
            return [(kind, window.suppressed) for kind, window in ended if window.suppressed]
