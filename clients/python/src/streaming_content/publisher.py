"""Publishing live streams: content that is still being written."""

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from streaming_content.address import Address
from streaming_content.backoff import BackOff
from streaming_content.errors import ConnectFailed, PublishRefused
from streaming_content.handshake import SOCKET_OPTIONS
from streaming_content.producer import Producer
from streaming_content.publish_calls import PublishCalls
from streaming_content.publish_link import CallLink, SocketLink
from streaming_content.retries import Retries
from streaming_content.stream import Message
from streaming_content.token import Token, TokenSource

RETRY_SECONDS: Final = 300.0
"""How long a producer retries without progress: as long as the service keeps a stream whose producer is lost."""
_TIMEOUT_SECONDS: Final = 10.0
_RETRIES_OF_BEGIN: Final = 5
_LONGEST_WAIT_SECONDS: Final = 10.0
"""A user waits for the stream to begin: if the service asks for more time, that is an error."""
_LONGEST_DELAY_SECONDS: Final = 2.0
"""Between two links: readers see a producer that is silent for 5 seconds."""
_KEEP_ALIVE: Final[dict[str, Any]] = {"ping_interval": 4, "ping_timeout": 8}
"""A network that is gone is noticed within the lease of a producer, 15 seconds."""


class Publisher:
    """A back end that publishes. It holds no connection; each stream has its own."""

    def __init__(
        self,
        url: str | Address,
        *,
        token: Token | None = None,
        tls: ssl.SSLContext | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Raises ``InvalidAddress``.

        ``token`` has the scope ``publish``, or is the ``PUBLISH_TOKEN`` of a service without authentication; or it is
        an async function that returns one, which is called for each connection.
        """
        self._address = url if isinstance(url, Address) else Address.parse(url)
        self._tokens = None if token is None else TokenSource(token, _TIMEOUT_SECONDS)
        self._calls = PublishCalls(self._address, self._tokens, _TIMEOUT_SECONDS, tls)
        self._options: dict[str, Any] = SOCKET_OPTIONS | _KEEP_ALIVE | ({} if tls is None else {"ssl": tls})
        self._retry_seconds = retry_seconds

    def stream(  # noqa: PLR0913 - independent options, by name
        self,
        session_id: str,
        *,
        content_type: str = "text",
        speed: str | None = None,
        chunk_by: str | None = None,
        request_id: str | None = None,
        space: str | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Producer:
        """A new live stream in the session, which its readers get at once. Use it in an ``async with``.

        ``content_type`` is ``text``, ``html`` or ``markdown``. The same ``idempotency_key`` in the same session is the
        same stream: its ``offset`` in the block is then what was written to it before. ``headers`` are sent with the
        call that creates it, such as ``traceparent`` or ``X-Session-Secret``. Entering the block raises
        ``ConnectFailed``, ``PublishRefused`` and ``TokenUnavailable``.
        """
        given = {"speed": speed, "chunk_by": chunk_by, "request_id": request_id, "space": space}
        options = {"content_type": content_type, **{name: value for name, value in given.items() if value is not None}}
        sent = {**(headers or {}), "Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return self._producer(lambda: self._calls.create(session_id, options, sent))

    def adopt(self, stream_id: str) -> Producer:
        """Go on with a stream in place of its producer, which can then change nothing more.

        In the block, ``offset`` and ``tail`` are what it has written.
        """

        async def begin() -> Message:
            return {"stream_id": stream_id, **await self._calls.adopt(stream_id)}

        return self._producer(begin)

    def _producer(self, begin: Callable[[], Awaitable[Message]]) -> Producer:
        socket = SocketLink(self._address, self._tokens, self._options)
        return Producer(
            lambda: _retried(begin),
            socket,
            CallLink(self._calls),
            Retries(self._retry_seconds, BackOff(longest=_LONGEST_DELAY_SECONDS)),
        )


async def _retried(begin: Callable[[], Awaitable[Message]]) -> Message:
    """Repeat a call that may succeed later; it is the same stream each time."""
    back_off = BackOff()
    for _ in range(_RETRIES_OF_BEGIN):
        try:
            return await begin()
        except ConnectFailed as error:
            if not error.may_reconnect:
                raise
            await asyncio.sleep(back_off.next(error))
        except PublishRefused as error:
            seconds = error.retry_after_seconds or 0
            if not error.may_retry or seconds > _LONGEST_WAIT_SECONDS:
                raise
            await asyncio.sleep(max(seconds, back_off.next(error)))
    return await begin()
