"""What a check is, and what it is given."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.cli.address import Address
from service.cli.client import Conversation, Reception, ServerError, converse
from service.cli.fetch import Answer, fetch


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

    @asynccontextmanager
    async def converse(self, session_id: str | None = None) -> AsyncIterator[Conversation]:
        """An open conversation, in a fresh session unless told which."""
        if session_id is None:
            session_id = fresh_session_id()
        async with converse(self.address, session_id) as conversation:
            yield conversation

    async def get(self, path: str, *, accept: str = "*/*", times: int = 1) -> list[Answer]:
        return await asyncio.to_thread(fetch, self.address, path, accept=accept, times=times)


Run = Callable[[Probe], Awaitable[str]]


@dataclass(frozen=True)
class Check:
    """One claim about the service, and the way to find out."""

    claim: str
    run: Run
    """Returns the figure to show; raises ``Mismatch``, or whatever breaks, when the claim does not hold."""
    slow: bool = False
    """Takes minutes; only on demand."""


def fresh_session_id() -> str:
    return f"verify-{secrets.token_hex(8)}"


def chunk_count(count: int) -> str:
    return "1 chunk" if count == 1 else f"{count} chunks"


def expect(holds: object, expected: object, got: object) -> None:
    """Whether it holds is its truth."""
    if not holds:
        raise Mismatch(expected, got)


def expect_equal(what: str, expected: object, got: object) -> None:
    expect(got == expected, f"{what} {expected!r}", repr(got))


async def expect_error(code: str, doing: Awaitable[object]) -> None:
    """What is being done must come to this error."""
    try:
        await doing
    except ServerError as error:
        expect_equal("error", code, error.code)
        expect(error.message.get("message"), "a sentence with the error", error.message)
    else:
        raise Mismatch(f"error {code!r}", "no error")


def expect_whole(reception: Reception) -> None:
    """The stream followed the protocol: its start, its chunks in order, its sums."""
    indices = [chunk.get("index") for chunk in reception.chunks]
    expect_equal("chunk indices", list(range(len(indices))), indices)
    expect_equal("the terminal message", "stream_complete", reception.end["type"])
    expect_equal("stream_complete.total_chunks", len(indices), reception.end.get("total_chunks"))
    sums = reception.end.get("metadata") or {}
    expect_equal("stream_complete.metadata.bytes", len(reception.data.encode()), sums.get("bytes"))
    if not sums.get("skipped"):
        expect_equal("stream_start.total_chunks", len(indices), reception.start.get("total_chunks"))
