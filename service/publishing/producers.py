"""The publish sockets of this process, by their streams."""

from collections.abc import Callable

from service.live.ports import LiveNotice, StreamCreated
from service.publishing.publish_socket import PublishSocket


class Producers:
    """Passes notices to the producers that they concern, such as that a reader on another process has cancelled."""

    def __init__(self, follow: Callable[[str], None], unfollow: Callable[[str], None]) -> None:
        """``follow`` is called before the notices of a stream are needed, and ``unfollow`` afterwards."""
        self._follow = follow
        self._unfollow = unfollow
        self._sockets: dict[str, set[PublishSocket]] = {}
        self.count = 0
        """Of all sockets."""

    def add(self, socket: PublishSocket) -> None:
        if socket.stream_id not in self._sockets:
            self._sockets[socket.stream_id] = set()
            self._follow(socket.stream_id)
        self._sockets[socket.stream_id].add(socket)
        self.count += 1

    def discard(self, socket: PublishSocket) -> None:
        sockets = self._sockets.get(socket.stream_id, set())
        if socket in sockets:
            sockets.remove(socket)
            self.count -= 1
        if not sockets and self._sockets.pop(socket.stream_id, None) is not None:
            self._unfollow(socket.stream_id)

    def notice(self, notice: LiveNotice) -> None:
        """Something happened to a stream, on any process. Never raises."""
        if not isinstance(notice, StreamCreated):
            for socket in tuple(self._sockets.get(notice.stream_id, ())):
                socket.notice(notice)
