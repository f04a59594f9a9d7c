"""The appends that wait for the next commit, in order for each stream."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence

from msgspec import Struct

from service.live.append_limits import MAX_APPEND_BYTES
from service.live.ports import Appended, AppendResult
from service.live.records import Append

_GROUP_BYTES = 2**20
_GROUP_APPENDS = 1000
"""Of one commit."""
_STREAM_APPENDS = 100
"""Of one stream in a commit, as merged."""


class Waiting(Struct, eq=False):
    """An append and the caller that waits for its result."""

    append: Append
    result: asyncio.Future[AppendResult]
    received_at: float
    alone: bool = False
    """Whether it is not merged with others, because they were refused together."""


class Merged(Struct, eq=False):
    """Contiguous appends of one producer as one."""

    append: Append
    parts: Sequence[Waiting]

    def results(self, result: AppendResult) -> Iterator[tuple[Waiting, AppendResult]]:
        """Return each part with its result."""
        if len(self.parts) == 1 or not isinstance(result, Appended):
            yield from ((part, result) for part in self.parts)
            return
        new_from = result.length - len(result.data)
        for part in self.parts:
            new = part.append.data[max(0, new_from - part.append.offset) :]
            yield part, Appended(result.length, new, result.status, result.repeated)


class AppendQueue:
    """Streams take turns: a commit has about ``MAX_APPEND_BYTES`` of each, of as many streams as it may have."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, deque[Waiting]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._streams)

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._streams

    def put(self, waiting: Waiting) -> None:
        self._streams.setdefault(waiting.append.stream_id, deque()).append(waiting)

    def put_back(self, merged: Merged) -> None:
        """The parts of a merged append that was refused come again one by one, before all others of their stream."""
        stream = self._streams.setdefault(merged.append.stream_id, deque())
        for part in merged.parts:
            part.alone = True
        stream.extendleft(reversed(merged.parts))

    def take(self) -> list[Merged]:
        """Remove and return those of the next commit."""
        group: list[Merged] = []
        size = 0
        for _ in range(len(self._streams)):
            if size >= _GROUP_BYTES or len(group) >= _GROUP_APPENDS:
                break
            stream_id, stream = self._streams.popitem(last=False)
            taken: list[Merged] = []
            bytes_left = MAX_APPEND_BYTES
            while stream and bytes_left > 0 and len(taken) < _STREAM_APPENDS:
                taken.append(_merged(stream))
                bytes_left -= len(taken[-1].append.data)
            group += taken
            size += MAX_APPEND_BYTES - bytes_left
            if stream:
                self._streams[stream_id] = stream
        return group

    def clear(self) -> list[Waiting]:
        """Remove and return all."""
        waiting = [one for stream in self._streams.values() for one in stream]
        self._streams.clear()
        return waiting


def _merged(stream: deque[Waiting]) -> Merged:
    """Remove the first append, with those that continue it."""
    first = stream.popleft()
    append, parts = first.append, [first]
    end = append.offset + len(append.data)
    while stream and end - append.offset < MAX_APPEND_BYTES and _continues(parts[-1], stream[0], end):
        parts.append(stream.popleft())
        end += len(parts[-1].append.data)
    if len(parts) == 1:
        return Merged(append, parts)
    last = parts[-1].append
    data = b"".join(part.append.data for part in parts)
    return Merged(Append(append.stream_id, append.epoch, append.offset, data, last.ends, last.digest), parts)


def _continues(last: Waiting, following: Waiting, end: int) -> bool:
    return (
        not (last.alone or following.alone)
        and following.append.offset == end
        and following.append.epoch == last.append.epoch
        and last.append.ends is None
        and last.append.digest is None
    )
