"""The interface of a check, and what all checks use."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from service.access.uncounted import uncounted_session_id
from service.cli.fetch import Response, fetch
from streaming_content import Address, ServerError, Stream, connect

TIMEOUT_SECONDS = 10.0
"""The longest wait for the next message."""
_RANDOM_BYTES = 5
"""Of a name, which has at most 15 characters."""


Opening = connect
"""A connection that is about to be opened; a probe has a method of the name of its class."""


class Mismatch(Exception):
    """A check failed."""

    def __init__(self, expected: object, got: object) -> None:
        self.expected = str(expected)
        self.got = str(got)
        super().__init__(f"expected {expected}, got {got}")


@dataclass(frozen=True)
class Probe:
    """The deployment under test."""

    address: Address
    token: str | None = None
    """Of a service with authentication."""
    tolerance_seconds: float = 0.01
    """How early or late a chunk may be, in addition to the variation of the network."""
    secret: str | None = None
    """``VERIFY_SECRET`` of the service."""

    def connect(self, session_id: str | None = None) -> Opening:
        """A connection to the session, by default to a new one, with the token."""
        session_id = self.new_session_id() if session_id is None else session_id
        return Opening(self.address, session_id, token=self.token, timeout=TIMEOUT_SECONDS)

    def connect_as(self, token: str | None, **options: Any) -> Opening:  # noqa: ANN401 - of websockets
        """A connection with another token, or with none; ``connected`` is not awaited."""
        session_id = self.new_session_id()
        return Opening(self.address, session_id, token=token, timeout=TIMEOUT_SECONDS, wait_connected=False, **options)

    def new_session_id(self, prefix: str = "") -> str:
        """The id of a session that no client has used. With the secret of the service, usage leaves it out."""
        name = prefix + secrets.token_hex(_RANDOM_BYTES)
        return f"verify-{name}" if self.secret is None else uncounted_session_id(name, self.secret, time.time())

    async def get(self, path: str, *, accept: str = "*/*", times: int = 1) -> list[Response]:
        """Raises ``ConnectFailed``."""
        return await asyncio.to_thread(fetch, self.address, path, accept=accept, times=times)


Run = Callable[[Probe], Awaitable[str]]


@dataclass(frozen=True)
class Check:
    """One claim about the service, and the function that tests it."""

    claim: str
    run: Run
    """Returns a figure to print; raises ``Mismatch`` or any other exception if the claim does not hold."""
    slow: bool = False
    """Takes minutes; runs only on request."""
    needs_token: bool = False
    """About authentication; runs only with a token."""


def chunk_count(count: int) -> str:
    return "1 chunk" if count == 1 else f"{count} chunks"


def expect(condition: object, expected: object, got: object) -> None:
    """Raise ``Mismatch`` unless the condition is true."""
    if not condition:
        raise Mismatch(expected, got)


def expect_equal(what: str, expected: object, got: object) -> None:
    expect(got == expected, f"{what} {expected!r}", repr(got))


async def expect_error(code: str, operation: Awaitable[object]) -> None:
    """The operation must end with this error of the server."""
    try:
        await operation
    except ServerError as error:
        expect_equal("error", code, error.code)
        expect(error.message.get("message"), "a sentence with the error", error.message)
    else:
        raise Mismatch(f"error {code!r}", "no error")


def expect_complete(stream: Stream) -> None:
    """The stream followed the protocol: chunks in order, a terminal message, totals that agree."""
    indices = [chunk.index for chunk in stream.chunks]
    expect_equal("chunk indices", list(range(len(indices))), indices)
    expect_equal("the terminal message", "stream_complete", stream.end["type"])
    expect_equal("stream_complete.total_chunks", len(indices), stream.end.get("total_chunks"))
    totals = stream.end.get("metadata") or {}
    expect_equal("stream_complete.metadata.bytes", len(stream.data.encode()), totals.get("bytes"))
    if not totals.get("skipped"):
        expect_equal("stream_start.total_chunks", len(indices), stream.start.get("total_chunks"))
