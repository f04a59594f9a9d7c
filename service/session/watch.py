"""The state of one reading of a live stream: asked for by ``watch``, or offered."""

from msgspec import UNSET

from service.events import ReadingWay
from service.protocol.messages import HtmlMode, Watch
from service.session.live_effects import AttachLive
from service.session.live_ports import WatchTarget
from service.session.live_reader import LiveReader, Watcher


class WatchState:
    """Belongs to the ``StreamState`` of its turn."""

    __slots__ = ("_html_mode", "_message", "_way", "cancel_requested", "reader")

    def __init__(self, message: Watch, html_mode: HtmlMode | None, way: ReadingWay) -> None:
        """``html_mode`` is ``None`` for that of the connection when its turn comes."""
        self._message = message
        self._html_mode = html_mode
        self._way = way
        self.reader: LiveReader | None = None
        """Set when it has started."""
        self.cancel_requested = False
        """Whether the client cancelled it before that: then it is not known whether the stream is of this session."""

    @property
    def asked(self) -> bool:
        """Whether the client awaits an answer."""
        return self._way is ReadingWay.WATCH

    def attach(self, ticket: int, session_key: str, html_mode: HtmlMode) -> AttachLive:
        """Return the effect; ``html_mode`` is that of the connection."""
        self._html_mode = self._html_mode or html_mode
        message = self._message
        chunk_by = None if message.chunk_by is UNSET else message.chunk_by
        target = WatchTarget(message.stream_id, session_key, self._html_mode, chunk_by, message.settled)
        return AttachLive(ticket, target)

    def watcher(self, connection_id: str, session_id: str) -> Watcher:
        """Return who reads, after ``attach``."""
        assert self._html_mode is not None
        message = self._message
        return Watcher(connection_id, session_id, self._way, self._html_mode, message.speed, message.request_id)
