"""The JWK set of an issuer, fetched from its address."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from contextvars import Context

from joserfc.jwk import Key

from service.events import Dependency, DependencyChanged, DependencyFailed, TokenKeysFetched
from service.identity.fetch_keys import FetchFailed
from service.identity.key_set import KeySet, UnusableKeys, read_key_set
from service.session.ports import Recorder

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
"""At least so long after a fetch follows the next one: after a failure, or for a ``kid`` that is not known."""
MAX_WAITING = 200
"""Tokens that wait for a fetch at once: each holds a socket, for up to the timeout of the fetch, and may be a guess."""


class RemoteKeys:
    """The keys at an address, fetched at the start and then in the background.

    A ``kid`` that is not known is looked for at once, but not more often than every ``RETRY_SECONDS``. While the
    issuer cannot be reached, the last keys stay.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        algorithms: Collection[str],
        recorder: Recorder,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._recorder = recorder
        self._clock = clock
        self._pause = pause
        self._keys = KeySet()
        self._current = False
        """Whether the last fetch succeeded."""
        self._reported_up = True
        self._next_at = clock()
        self._fetching: asyncio.Task[None] | None = None
        self._waiting = 0

    async def candidates(self, algorithm: str, kid: str | None) -> Sequence[Key] | None:
        found = self._keys.candidates(algorithm, kid)
        if found:
            return found
        if self._fetching is not None or self._clock() >= self._next_at:
            if self._waiting >= MAX_WAITING:
                return None
            self._waiting += 1
            try:
                await self._refresh()
            finally:
                self._waiting -= 1
            found = self._keys.candidates(algorithm, kid)
        return found if found or self._current else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fetch the keys, then keep them up to date. Without an answer the service starts all the same."""
        await self._refresh()
        task = asyncio.create_task(self._refresh_for_ever(), context=Context())
        try:
            yield
        finally:
            tasks = [one for one in (task, self._fetching) if one is not None]
            for one in tasks:
                one.cancel()
            await asyncio.wait(tasks)

    async def _refresh_for_ever(self) -> None:
        while True:
            await self._pause(REFRESH_SECONDS if self._current else RETRY_SECONDS)
            await self._refresh()

    async def _refresh(self) -> None:
        """Fetch the keys, once for all callers at a time."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once(), context=Context())
        await asyncio.wait([self._fetching])  # a caller that is cancelled does not cancel it

    async def _fetch_once(self) -> None:
        try:
            self._keys = read_key_set(await self._fetch(), self._algorithms)
        except (FetchFailed, UnusableKeys) as failure:
            self._current = False
            self._recorder.record(DependencyFailed(Dependency.TOKEN_KEYS))
            self._report(up=False, reason=str(failure))
        else:
            self._current = True
            self._recorder.record(TokenKeysFetched())
            self._report(up=True)
        finally:
            self._next_at = self._clock() + RETRY_SECONDS
            self._fetching = None

    def _report(self, *, up: bool, reason: str = "") -> None:
        if up != self._reported_up:
            self._reported_up = up
            self._recorder.record(DependencyChanged(Dependency.TOKEN_KEYS, up=up, reason=reason))
