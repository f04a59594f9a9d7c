"""Opening a connection."""

import secrets
import ssl
import time
from collections.abc import Generator
from types import TracebackType
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed as SocketClosed
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from streaming_content.address import Address
from streaming_content.connection import Clock, Connection
from streaming_content.errors import ConnectFailed
from streaming_content.token import Token, TokenSource, with_token

SOCKET_OPTIONS: Final[dict[str, Any]] = {
    "compression": None,  # the service does not negotiate it
    "proxy": None,
    "open_timeout": 10,
    "close_timeout": 2,
    "max_size": 16 * 2**20,
}


class connect:  # noqa: N801 - used like a function, as the one of websockets
    """Open a connection: ``async with connect(url) as connection``, or ``await connect(url)`` and close it later.

    Args:
        url: The deployment: an http, https, ws or wss URL, with or without ``/ws/stream/{session_id}``.
        session_id: 1 to 64 of ``A-Z a-z 0-9 _ - . :``. Default: the one in the URL, else a random one.
        token: The token of the user, or an async function that returns it, for a service with authentication. The
            function is called for the connection, and again before the token ends: the new one then replaces it on the
            open connection, while something reads that. It may take as long as ``open_timeout``.
        timeout: The seconds that a method waits for the next message; ``None`` for no limit.
        wait_connected: Whether to wait for the first message of the service.
        clock: Monotonic seconds, for the moments in streams.
        options: Of ``websockets.asyncio.client.connect``: ``ssl``, ``proxy``, ``additional_headers`` and others.

    Raises ``InvalidAddress``, ``TokenUnavailable`` and ``ConnectFailed``; with ``wait_connected`` also ``ServerError``
    if the service opens the connection only to refuse it, ``ConnectionClosed``, and ``ReceiveTimeout`` after
    ``open_timeout`` seconds.
    """

    def __init__(  # noqa: PLR0913 - independent options, by name
        self,
        url: str | Address,
        session_id: str | None = None,
        *,
        token: Token | None = None,
        timeout: float | None = None,
        wait_connected: bool = True,
        clock: Clock = time.perf_counter,
        **options: Any,  # noqa: ANN401 - typed by websockets
    ) -> None:
        self._address = url if isinstance(url, Address) else Address.parse(url)
        default = self._address.session_id or f"client-{secrets.token_hex(8)}"
        self._session_id = default if session_id is None else session_id
        self._timeout = timeout
        self._wait_connected = wait_connected
        self._clock = clock
        self._options = SOCKET_OPTIONS | options
        self._tokens = None if token is None else TokenSource(token, self._options["open_timeout"])
        self._connection: Connection | None = None

    def __await__(self) -> Generator[Any, None, Connection]:
        return self._open().__await__()

    async def __aenter__(self) -> Connection:
        self._connection = await self
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        try:
            await self._connection.close()
        finally:
            self._connection.transport.abort()  # if the closing handshake was cancelled

    async def _open(self) -> Connection:
        socket = await self._open_socket()
        open_timeout = self._options["open_timeout"]
        connection = Connection(socket, self._session_id, timeout=open_timeout, clock=self._clock, tokens=self._tokens)
        if self._wait_connected:
            try:
                await connection.receive_type("connected")
            except BaseException:
                await connection.close()
                raise
        connection.timeout = self._timeout
        return connection

    async def _open_socket(self) -> ClientConnection:
        options = self._options if self._tokens is None else with_token(self._options, await self._tokens.get())
        try:
            return await open_socket(self._address.socket_url(self._session_id), **options)
        except InvalidStatus as answer:
            response = answer.response
            raise ConnectFailed.from_response(
                response.status_code, response.body, response.headers.get("Retry-After")
            ) from answer
        except (OSError, ssl.SSLError) as error:
            raise ConnectFailed.from_os_error(self._address, error) from error
        except SocketClosed as closed:  # before the request was sent
            raise ConnectFailed.from_os_error(self._address, ConnectionResetError()) from closed
        except (InvalidHandshake, InvalidMessage) as error:
            raise ConnectFailed(f"{self._address} does not speak WebSocket ({error}).") from error
