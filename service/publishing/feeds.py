"""The live streams that are read in this process."""

import asyncio
from collections.abc import Callable, Sequence

from service.live.ports import LiveNotice, StreamCreated
from service.live.records import LiveRecord
from service.publishing.cancellation import Cancellation
from service.publishing.feed import Feed
from service.publishing.feed_parts import FeedParts
from service.publishing.reading import Reading
from service.session.live_ports import LiveReading, WatchTarget

KEPT_SECONDS = 10.0
"""After its last reader a feed is kept: that one may come back, and the others need not wait for it to be made."""


class LiveFeeds:
    """Implements ``LiveStreams``. A feed exists while its stream has readers here; it belongs to the event loop."""

    def __init__(
        self,
        parts: FeedParts,
        cancellation: Cancellation,
        *,
        follow: Callable[[str], None],
        unfollow: Callable[[str], None],
        on_created: Callable[[LiveRecord], None],
    ) -> None:
        """``follow`` and ``unfollow`` are of the bus; ``on_created`` is called with each stream of any process."""
        self._parts = parts
        self._cancellation = cancellation
        self._follow = follow
        self._unfollow = unfollow
        self._on_created = on_created
        self._feeds: dict[str, Feed] = {}
        self._closing: dict[str, asyncio.TimerHandle] = {}
        self._received: dict[Feed, None] = {}
        """Feeds that have received what they have not shown."""

    def __len__(self) -> int:
        return len(self._feeds)

    def readers(self, stream_id: str) -> int:
        """Return the number of readers of a stream in this process."""
        feed = self._feeds.get(stream_id)
        return 0 if feed is None else feed.readers

    async def attach(self, target: WatchTarget, on_change: Callable[[], None]) -> LiveReading | None:
        """Return a reading at ``target.settled``; ``None`` if there is no such stream in the session of the target."""
        feed = self._feeds.get(target.stream_id) or await self._open(target)
        if feed is None or feed.record.session_key != target.session_key:
            return None
        try:
            return await feed.attach(target, on_change)
        finally:
            self._close_unused(feed)

    def detach(self, reading: LiveReading) -> None:
        """End the reading; a second call does nothing."""
        assert isinstance(reading, Reading)
        feed = self._feeds.get(reading.record.stream_id)
        if feed is not None:
            feed.detach(reading)
            self._close_unused(feed)

    async def cancel(self, stream_id: str) -> None:
        """End the stream as cancelled, for its producer and all readers. Raises ``StoreUnavailable``."""
        await self._cancellation.cancel(stream_id)

    async def open_streams(self, session_key: str) -> Sequence[str]:
        """Return the ids of the open streams of a session, the oldest first. Raises ``StoreUnavailable``."""
        return [record.stream_id for record in await self._parts.store.open_streams(session_key)]

    def notice(self, notice: LiveNotice) -> None:
        """Something happened to a stream, on any process. Readers are woken later, once for all that came together."""
        if isinstance(notice, StreamCreated):
            self._on_created(notice.record)
            return
        feed = self._feeds.get(notice.stream_id)
        if feed is not None:
            feed.receive(notice)
            if not self._received:
                asyncio.get_running_loop().call_soon(self._advance)
            self._received[feed] = None

    def close(self) -> None:
        """Release everything. Readers are not woken again."""
        for timer in self._closing.values():
            timer.cancel()
        self._closing.clear()
        for feed in tuple(self._feeds.values()):
            self._close(feed)

    async def _open(self, target: WatchTarget) -> Feed | None:
        record = await self._parts.store.get(target.stream_id)
        if record is None or record.session_key != target.session_key:
            return None
        feed = self._feeds.get(target.stream_id)  # another reader may have come since
        if feed is None:
            self._follow(target.stream_id)
            feed = self._feeds[target.stream_id] = Feed(record, self._parts)
        return feed

    def _advance(self) -> None:
        received, self._received = self._received, {}
        for feed in received:
            feed.advance()

    def _close_unused(self, feed: Feed) -> None:
        """Close it in a while, if it has no readers by then."""
        stream_id = feed.record.stream_id
        timer = self._closing.pop(stream_id, None)
        if timer is not None:
            timer.cancel()
        if not feed.is_used:
            self._closing[stream_id] = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._expire, feed)

    def _expire(self, feed: Feed) -> None:
        del self._closing[feed.record.stream_id]
        if not feed.is_used:
            self._close(feed)

    def _close(self, feed: Feed) -> None:
        stream_id = feed.record.stream_id
        feed.close()
        del self._feeds[stream_id]
        self._unfollow(stream_id)
