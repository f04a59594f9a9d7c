"""Load on a server, by a client process of its own on a core of its own."""

import msgspec
from msgspec import Struct

from benchmarks.machine import Cores
from benchmarks.servers import Server
from benchmarks.worker import ask

GAP_SECONDS = 0.03
"""Between two chunks at ``superfast``."""
CHUNK_CHARACTERS = 60


class StreamLoad(Struct, frozen=True, tag="streams"):
    """So many streams at once, begun one after the other, then counted for a window."""

    streams: int
    spread_seconds: float
    """Over which the streams begin, so that their phases are spread too."""
    settle_seconds: float
    """From the first chunk of the last stream to the window."""
    window_seconds: float

    @property
    def chunks(self) -> int:
        """Of one stream: enough that none ends before the window does, also when the beginning takes its time."""
        seconds = 2 * self.spread_seconds + self.settle_seconds + self.window_seconds + 5
        return round(seconds / GAP_SECONDS)


class WholeStreams(Struct, frozen=True, tag="whole streams"):
    """So many streams at once, begun one after the other and each followed from its request to its end.

    Some shorter ones come first, so that the server has warmed up.
    """

    streams: int
    chunks: int
    """Of one stream."""
    spread_seconds: float
    rest_seconds: float
    """After the last end, and after the shorter ones: for what a server does when all is sent."""
    times: int = 1
    """One after the other on each connection."""
    chunk_characters: int = CHUNK_CHARACTERS


class IdleLoad(Struct, frozen=True, tag="idle"):
    """Connections that do nothing. Those before the count are opened first, so that the server has warmed up."""

    warm_connections: int
    connections: int
    settle_seconds: float


class StreamFigures(Struct, frozen=True):
    """Of the window alone, or of whole streams."""

    chunks: int
    server_cpu_seconds: float
    client_cpu_seconds: float
    seconds: float
    deviation_p50_seconds: float
    """Of |gap between two chunks of a stream - the protocol's gap|, as the client saw it."""
    deviation_p99_seconds: float
    message_bytes: float
    """Mean of the last message of each stream."""
    start_p50_seconds: float
    """Of the time from a request to its stream_start, as the client saw it; 0 if the server sends none."""
    start_p99_seconds: float
    whole_p50_seconds: float
    """Of the time from a request to its stream_complete; 0 if no stream came to its end."""


class IdleFigures(Struct, frozen=True):
    bytes_per_connection: float


class Task(Struct, frozen=True):
    """What the client is told, as JSON on its standard input."""

    url: str
    server_pid: int
    load: StreamLoad | WholeStreams | IdleLoad


def stream(server: Server, cores: Cores, load: StreamLoad | WholeStreams) -> StreamFigures:
    task = Task(server.url, server.pid, load)
    return msgspec.json.decode(ask("benchmarks.client", task, cores.client), type=StreamFigures)


def idle(server: Server, cores: Cores, load: IdleLoad) -> IdleFigures:
    task = Task(server.url, server.pid, load)
    return msgspec.json.decode(ask("benchmarks.client", task, cores.client), type=IdleFigures)
