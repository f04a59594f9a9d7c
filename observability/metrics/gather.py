"""Gathers the expositions of the other workers, and merges them.

A worker that is asked by another sends its whole exposition over a Unix socket: its length, then the text.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from re import MULTILINE
from re import compile as pattern
from typing import NoReturn, Self, cast

_LENGTH = struct.Struct("!Q")
_ANSWER_SECONDS = 1.0
"""A worker that has not answered by then is left out."""
_RETRY_SECONDS = 0.5
"""The pause after no descriptor was free for another worker, which waits until then or leaves."""
_READ_BYTES = 1 << 18

_FAMILY = pattern(rb"^# HELP ", MULTILINE)
_HEAD = pattern(rb"[^\n]*\n(?:#[^\n]*\n)*")
"""Of a family, after the above: the lines up to its first sample."""
_END = b"# EOF\n"
"""Of an exposition in the OpenMetrics format."""


def serve(listener: socket.socket, exposition: Callable[[str], bytes]) -> NoReturn:
    """Answer other workers, one after the other; for a thread of its own. ``exposition`` is called with the format."""
    while True:
        try:
            asking, _ = listener.accept()
        except OSError:
            time.sleep(_RETRY_SECONDS)
            continue
        with asking, suppress(OSError):  # the other has left or is stopped
            asking.settimeout(_ANSWER_SECONDS)
            with asking.makefile("rb") as line:
                text = exposition(line.readline(1024).decode().strip())
            asking.sendall(_LENGTH.pack(len(text)) + text)


class Question:
    """The question to some workers, and their answers. Ends with the context."""

    def __init__(self, addresses: Mapping[int, Path], accept: str) -> None:
        """Ask. Raises ``FileNotFoundError`` if a socket was removed."""
        self._received: dict[int, bytearray] = {}
        self._deadline = time.monotonic() + _ANSWER_SECONDS
        with ExitStack() as endings:
            self._selector = endings.enter_context(selectors.DefaultSelector())
            for worker, address in addresses.items():
                asked = endings.enter_context(socket.socket(socket.AF_UNIX))
                asked.settimeout(0)
                with suppress(BlockingIOError, ConnectionError):  # too many wait for its answer, or it is dead
                    asked.connect(str(address))
                    asked.sendall(f"{accept}\n".encode())
                    self._received[worker] = bytearray()
                    self._selector.register(asked, selectors.EVENT_READ, worker)
            self._endings = endings.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._endings.close()

    def answers(self) -> dict[int, bytes]:
        """Wait for the answers; return those that are complete."""
        while self._selector.get_map() and (left := self._deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                asked = cast("socket.socket", key.fileobj)
                try:
                    part = asked.recv(_READ_BYTES)
                except OSError:
                    part = b""
                self._received[key.data] += part
                if not part:
                    self._selector.unregister(asked)
        return {
            worker: bytes(text[_LENGTH.size :])
            for worker, text in self._received.items()
            if len(text) >= _LENGTH.size and _LENGTH.unpack_from(text)[0] == len(text) - _LENGTH.size
        }


def merge(expositions: Iterable[bytes]) -> bytes:
    """One exposition with the samples of all, each family once. All are in the same format."""
    families: dict[bytes, list[bytes]] = {}
    end = b""
    for text in expositions:
        if text.endswith(_END):
            text, end = text[: -len(_END)], _END  # noqa: PLW2901
        for family in _FAMILY.split(text)[1:]:
            head = _HEAD.match(family)
            assert head is not None
            families.setdefault(head[0], []).append(family[head.end() :])
    return b"".join(b"# HELP " + head + b"".join(samples) for head, samples in families.items()) + end
