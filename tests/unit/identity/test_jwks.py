"""Keys at an address: rotation, outages, and how often they are fetched."""

import asyncio
import json

from service.identity.fetch_keys import FetchFailed
from service.identity.jwks import MAX_WAITING, REFRESH_SECONDS, RETRY_SECONDS, RemoteKeys
from tests.unit.identity.issuer import jwk, key_of
from tests.unit.identity.recording import Clock, Recording


class Issuer:
    """An address with keys, the keys that a service has of it, and the clock and the pauses of that service."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.fetches = 0
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.failure = ""
        self.recorder, self.clock = Recording(), Clock()
        self.pauses: list[float] = []
        self.goes_on = asyncio.Event()
        self.paused = asyncio.Event()
        self.keys = RemoteKeys(self._fetch, ("ES256",), self.recorder, self.clock, self._pause)

    async def _fetch(self) -> bytes:
        self.fetches += 1
        self.asked.set()
        await self.answers.wait()
        if self.failure:
            raise FetchFailed(self.failure)
        return json.dumps({"keys": [jwk(key_of("ES256", kid), kid=kid) for kid in self.kids]}).encode()

    def stall(self) -> None:
        """Answer no fetch from now on."""
        self.answers.clear()
        self.asked.clear()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.paused.set()
        await self.goes_on.wait()
        self.goes_on.clear()

    async def pass_pause(self) -> None:
        """Wait for the pause between two fetches in the background, and end it."""
        await self.paused.wait()
        self.paused.clear()
        self.goes_on.set()
        await self.paused.wait()

    async def find(self, kid: str | None) -> int | None:
        found = await self.keys.candidates("ES256", kid)
        return None if found is None else len(found)


async def test_a_new_key_is_found_at_its_first_use_and_an_old_one_stays_without_a_fetch() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        assert (await issuer.find("a"), await issuer.find(None), issuer.fetches) == (1, 1, 1)
        issuer.kids = ("a", "b")
        issuer.clock.seconds += RETRY_SECONDS
        assert (await issuer.find("b"), await issuer.find("a"), issuer.fetches) == (1, 1, 2)


async def test_unknown_keys_are_fetched_at_a_limited_rate_however_many_ask() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        for second in range(100):
            issuer.clock.seconds = 1000.0 + second
            asked = await asyncio.gather(*(issuer.find(f"guess-{number}") for number in range(10)))
            assert set(asked) == {0}, "the keys are current, so there is no such key"
    assert issuer.fetches == 1 + 99 // RETRY_SECONDS


async def test_an_outage_keeps_the_keys_and_refuses_no_unknown_one_for_good() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        issuer.failure = "Connection refused"
        await issuer.pass_pause()
        await issuer.pass_pause()
        assert issuer.pauses == [REFRESH_SECONDS, RETRY_SECONDS, RETRY_SECONDS]
        assert (await issuer.find("a"), await issuer.find("b")) == (1, None)
        issuer.failure, issuer.kids = "", ("b",)
        await issuer.pass_pause()
        assert (await issuer.find("a"), await issuer.find("b")) == (0, 1), "one that was withdrawn is gone"
    assert issuer.recorder.changes == ["Connection refused", "up"]


async def test_a_service_starts_without_its_issuer_and_finds_it_later() -> None:
    issuer = Issuer("a")
    issuer.failure = "no answer within 5 s"
    async with issuer.keys.running():
        assert (await issuer.find("a"), await issuer.find(None)) == (None, None)
        issuer.failure = ""
        issuer.clock.seconds += RETRY_SECONDS
        assert await issuer.find("a") == 1
    assert issuer.recorder.changes == ["no answer within 5 s", "up"]


async def test_an_answer_without_usable_keys_is_an_outage() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        issuer.kids = ()
        await issuer.pass_pause()
        assert await issuer.find("a") == 1
    assert issuer.recorder.changes == ["its JWK set has no keys"]


async def test_one_fetch_serves_all_that_wait_for_it_and_a_cancelled_one_harms_no_other() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        issuer.kids, issuer.clock.seconds = ("a", "b"), 2000.0
        issuer.stall()
        waiting = [asyncio.create_task(issuer.find("b")) for _ in range(5)]
        await issuer.asked.wait()
        waiting[0].cancel()
        await asyncio.sleep(0)
        issuer.answers.set()
        assert (await asyncio.gather(*waiting[1:]), issuer.fetches) == ([1] * 4, 2)


async def test_those_who_wait_are_bounded_and_others_may_try_again() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        for round_ in range(2):  # those of the first have left
            issuer.clock.seconds += RETRY_SECONDS
            issuer.stall()
            waiting = [asyncio.create_task(issuer.find("guess")) for _ in range(MAX_WAITING)]
            await issuer.asked.wait()
            assert (await issuer.find("guess"), await issuer.find("a")) == (None, 1), round_
            issuer.answers.set()
            assert await asyncio.gather(*waiting) == [0] * MAX_WAITING


async def test_the_end_waits_for_no_answer() -> None:
    issuer = Issuer("a")
    async with issuer.keys.running():
        issuer.clock.seconds += RETRY_SECONDS
        issuer.stall()
        waiting = asyncio.create_task(issuer.find("b"))
        await issuer.asked.wait()
    assert await waiting == 0
