"""How fast the text of a live stream arrives, and in which bursts."""

import math

_DECAY_SECONDS = 1.0
"""The rate is a mean in which what arrived this long ago counts 1/e."""
_LONGEST_PAUSE_SECONDS = 0.25
"""As which a longer pause counts in the rate: after it, text is expected to arrive as fast as before."""
_CONTINUOUS_SECONDS = 0.06
"""A shorter pause is no pause: tokens come at such intervals, and appends are stored in groups."""
_FORGET_SECONDS = 0.1
"""After this time of text without a pause, the interval between bursts counts 1/e."""
_BURST_CHARACTERS = 40
"""What comes first and is longer is a burst, and not a token: more such bursts are to be expected."""
_EXPECTED_INTERVAL_SECONDS = 0.5


class Arrivals:
    """Estimates from the times and sizes of what arrives. All times are monotonic seconds."""

    __slots__ = ("_age_seconds", "_characters", "_flow_seconds", "_last_at", "interval_seconds")

    def __init__(self) -> None:
        self._last_at: float | None = None
        self._age_seconds = 0.0
        """Since the first arrival."""
        self._flow_seconds = 0.0
        """For which text has arrived without a pause."""
        self._characters = 0.0
        """Decayed, at ``_last_at``."""
        self.interval_seconds = 0.0
        """Between two bursts; near 0 while text arrives without pauses."""

    def add(self, characters: int, now: float) -> None:
        """Text has arrived."""
        if self._last_at is None:
            if characters > _BURST_CHARACTERS:
                self.interval_seconds = _EXPECTED_INTERVAL_SECONDS
        else:
            pause = now - self._last_at
            if pause <= _CONTINUOUS_SECONDS:
                self._flow_seconds += pause
                self.interval_seconds *= math.exp(-pause / _FORGET_SECONDS)
            else:
                expected = pause * pause / (pause + self._flow_seconds)  # less after long text without a pause
                self._flow_seconds = 0.0
                self.interval_seconds = (self.interval_seconds + expected) / 2 if self.interval_seconds else expected
            counted = min(pause, _LONGEST_PAUSE_SECONDS)
            self._age_seconds += counted
            self._characters *= math.exp(-counted / _DECAY_SECONDS)
        self._characters += characters
        self._last_at = now

    @property
    def rate(self) -> float:
        """The characters that arrive in a second: a mean that is not biased by the time before the first."""
        age = max(self._age_seconds, _CONTINUOUS_SECONDS)
        return self._characters / (_DECAY_SECONDS * -math.expm1(-age / _DECAY_SECONDS))
