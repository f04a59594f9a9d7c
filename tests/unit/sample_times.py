"""The times of a stream, for events of which a test examines others."""

from msgspec.structs import replace

from service.events import StreamTimes
from service.protocol.instant import Instant

TIMES = StreamTimes(
    received=Instant(10.0, 1_800_000_000.0),
    called=10.125,
    admitted=10.25,
    dequeued=10.25,
    prepared=10.5,
    started=10.625,
    ended=35.625,
)
NEVER_STARTED = replace(TIMES, prepared=None, started=None)
