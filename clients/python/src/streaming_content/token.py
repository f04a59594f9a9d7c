"""The token of a user."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from websockets.datastructures import Headers

from streaming_content.errors import ConnectionClosed, ServerError, StreamingError, TokenUnavailable

Token = str | Callable[[], Awaitable[str]]
"""A token, or a function that returns one: called for each connection, and before the token of a connection ends."""

_RECENT_SECONDS = 30.0
"""A token that was obtained less than this ago, and ends already, has a short life."""

_SHORTEST_DELAY_SECONDS = 0.5

_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750 section 2.1."""


class TokenSource:
    """Returns the token. It is kept in memory only, and part of no message of an exception."""

    def __init__(
        self, token: Token, timeout_seconds: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``timeout_seconds`` limits how long the function may take."""
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._last = ""
        self._obtained_at = 0.0

    async def get(self) -> str:
        """Return a token for a new connection. Raises ``TokenUnavailable``."""
        self._obtained_at = self._clock()
        self._last = await self._obtain()
        return self._last

    async def renew(self, seconds_left: float) -> str | None:
        """Return another token when the last one is about to end; ``None`` if there is none.

        Tokens with a short life are used for half of it. Raises ``TokenUnavailable``.
        """
        if self._clock() - self._obtained_at < _RECENT_SECONDS:
            await asyncio.sleep(max(_SHORTEST_DELAY_SECONDS, seconds_left / 2))
        last = self._last
        token = await self.get()
        return None if token == last else token

    async def _obtain(self) -> str:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                token: object = self._token if isinstance(self._token, str) else await self._token()
        except TimeoutError as late:
            raise TokenUnavailable(f"The token was not available within {self._timeout_seconds:g} s.") from late
        except Exception as error:
            raise TokenUnavailable("The function for the token failed; __cause__ has its exception.") from error
        if not isinstance(token, str) or _BEARER.fullmatch(token.strip()) is None:
            raise TokenUnavailable("There is no token, or it has characters that a token cannot have.")
        return token.strip()


class TokenRenewal:
    """Replaces the token of an open connection before it ends. Without another one, the connection ends with it."""

    def __init__(self, tokens: TokenSource, send: Callable[[str], Awaitable[None]]) -> None:
        """``send`` sends a token to the service."""
        self.error: StreamingError | None = None
        """Why there was no other token, or why the service refused it."""
        self._tokens = tokens
        self._send = send
        self._task: asyncio.Task[None] | None = None
        self._is_checked = False
        """Whether the service has a token that it has not answered."""

    def take(self, message: Mapping[str, Any]) -> bool:
        """Take a message of the service. Return whether it answers a renewal, so that nothing else waits for it."""
        if message["type"] == "auth_expiring":
            self.stop()
            self._task = asyncio.create_task(self._renew(message["seconds_left"]))
        answers = self._is_checked and (
            message["type"] == "auth_refreshed"
            or (message.get("code") == "UNAUTHENTICATED" and not message.get("fatal"))
        )
        if answers:
            self._is_checked = False
            self.error = ServerError(dict(message)) if message["type"] == "error" else None
        return answers

    def stop(self) -> None:
        """The connection is closed."""
        if self._task is not None:
            self._task.cancel()

    async def _renew(self, seconds_left: float) -> None:
        try:
            token = await self._tokens.renew(seconds_left)
            if token is not None:
                self._is_checked = True
                await self._send(token)
        except TokenUnavailable as error:
            self.error = error
        except ConnectionClosed:
            pass  # what reads the connection raises it too


class WithoutFrames(logging.LoggerAdapter[logging.Logger]):
    """The logger of a connection with a token: at level DEBUG, websockets logs headers and frames."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - overrides that of logging
        return level > logging.DEBUG and super().isEnabledFor(level)


def with_token(options: dict[str, Any], token: str) -> dict[str, Any]:
    """The options of ``websockets.connect`` with the token in the Authorization header, which is in no log."""
    headers = Headers(options.get("additional_headers") or {})
    headers.pop("Authorization", None)
    headers["Authorization"] = f"Bearer {token}"
    logger = options.get("logger") or WithoutFrames(logging.getLogger("websockets.client"), {})
    return {**options, "additional_headers": headers, "logger": logger}
