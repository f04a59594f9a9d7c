"""Notices between the workers of one machine, as datagrams over Unix sockets in one directory."""

import asyncio
import errno
import hashlib
import os
import socket
import stat
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from service.live.ports import LiveNotice, StreamCreated
from service.publishing.local_peer import LocalPeer, PeerGone
from service.publishing.notice_codec import decode_notices, encode_notices

_MOST_BYTES = 80_000
"""Of a datagram: an append of 64 KB fits, and the default send buffer takes two of them."""
_DATAGRAMS_A_PASS = 64
_LONGEST_PATH = 100
"""Of a socket; the system allows 107 bytes on Linux and 103 on macOS."""
_RELIST_SECONDS = 1.0
"""After this time the directory is listed again, as the greeting of a new process may be lost."""
_GREETING = b""
"""The first datagram of a process to each of the others."""


def socket_directories(data_dir: Path) -> Sequence[Path]:
    """Return the directories in which processes that share ``data_dir`` may have their sockets, the first one first.

    The first one may have a path that is too long, or be on a file system that has no sockets.
    """
    digest = hashlib.sha256(os.fsencode(data_dir.absolute())).hexdigest()[:16]
    return data_dir.absolute() / "live", Path(tempfile.gettempdir()) / f"streaming-{os.getuid()}-{digest}"


class LocalBus:
    """Without a directory that can be used, it has no peers. A peer that does not read fast enough loses notices."""

    def __init__(
        self, directories: Sequence[Path], on_error: Callable[[OSError], object] = lambda _error: None
    ) -> None:
        """The first of the directories that can be used is. ``on_error`` is called if there are some, but not one."""
        self._directories = directories
        self._directory = Path()
        self._on_error = on_error
        self._followed: Counter[str] = Counter()
        self._peers: dict[Path, LocalPeer] = {}
        self._own: Path | None = None
        self._listed_at = 0.0

    def publish(self, notices: Sequence[LiveNotice]) -> None:
        """Send to all other processes. Never blocks, never raises."""
        if self._own is None:
            return
        if asyncio.get_running_loop().time() - self._listed_at >= _RELIST_SECONDS:
            self._list_peers(self._own)
        if self._peers:
            for datagram in encode_notices(notices, _MOST_BYTES):
                self._send(datagram)

    def follow(self, stream_id: str) -> None:
        """Receive the notices of this stream; as many calls of ``unfollow`` end it."""
        self._followed[stream_id] += 1

    def unfollow(self, stream_id: str) -> None:
        """Receive them no longer."""
        self._followed[stream_id] -= 1
        if not self._followed[stream_id]:
            del self._followed[stream_id]

    @asynccontextmanager
    async def running(self, receive: Callable[[LiveNotice], None]) -> AsyncIterator[None]:
        """Receive the notices of other processes while the context lasts."""
        own = self._bind_first()
        if own is None:
            yield
            return
        path, receiver = own
        loop = asyncio.get_running_loop()
        loop.add_reader(receiver.fileno(), self._read, receiver, receive)
        try:
            self._own = path
            self._list_peers(path)
            self._send(_GREETING)
            yield
        finally:
            self._own = None
            loop.remove_reader(receiver.fileno())
            with suppress(OSError):
                path.unlink()
            receiver.close()
            while self._peers:
                self._peers.popitem()[1].close()

    def _bind_first(self) -> tuple[Path, socket.socket] | None:
        failure: OSError | None = None
        for directory in self._directories:
            try:
                bound = _bind(directory)
            except OSError as error:
                failure = error
            else:
                self._directory = directory
                return bound
        if failure is not None:
            self._on_error(failure)
        return None

    def _list_peers(self, own: Path) -> None:
        """Connect to new processes, and remove the sockets of those that were killed."""
        self._listed_at = asyncio.get_running_loop().time()
        with suppress(OSError):
            for path in self._directory.iterdir():
                if path != own and path not in self._peers and path.is_socket():
                    self._connect(path)

    def _connect(self, path: Path) -> None:
        with suppress(OSError):
            try:
                self._peers[path] = LocalPeer(path)
            except PeerGone:
                path.unlink()

    def _send(self, datagram: bytes) -> None:
        for path, peer in tuple(self._peers.items()):
            try:
                peer.send(datagram)
            except PeerGone:
                del self._peers[path]
                peer.close()
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _read(self, receiver: socket.socket, receive: Callable[[LiveNotice], None]) -> None:
        for _ in range(_DATAGRAMS_A_PASS):
            try:
                datagram = receiver.recv(_MOST_BYTES + 1)
            except OSError:  # nothing is left
                return
            if datagram == _GREETING:
                if self._own is not None:
                    self._list_peers(self._own)
                continue
            for notice in decode_notices(datagram):
                if isinstance(notice, StreamCreated) or notice.stream_id in self._followed:
                    receive(notice)


def _bind(directory: Path) -> tuple[Path, socket.socket]:
    """Return a new socket and its path. Raises ``OSError``."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not what a link leads to: in the directory for temporary files, others can make one.
    found = directory.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(errno.EPERM, "the directory of the sockets is a link, or belongs to another user")
    path = directory / _new_name()
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise OSError(errno.ENAMETOOLONG, "the path of the sockets is too long")
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        receiver.setblocking(False)  # noqa: FBT003 - the library takes it so
        receiver.bind(str(path))
    except OSError:
        receiver.close()
        raise
    return path, receiver


def _new_name() -> str:
    return f"{os.getpid():010}-{os.urandom(4).hex()}"
