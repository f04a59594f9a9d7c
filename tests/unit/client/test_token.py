"""Where a token comes from, when it is replaced, and that it is in no log and in no exception."""

import asyncio
import logging
from typing import Any

import pytest

from streaming_content import ServerError, TokenUnavailable
from streaming_content.token import TokenRenewal, TokenSource, with_token


class Tokens:
    """A function that returns these in turn, and the last one again."""

    def __init__(self, *tokens: object) -> None:
        self.tokens = tokens
        self.calls = 0

    async def __call__(self) -> str:
        token: Any = self.tokens[min(self.calls, len(self.tokens) - 1)]
        self.calls += 1
        if isinstance(token, Exception):
            raise token
        return token  # type: ignore[no-any-return]  # invalid ones too


class Times:
    """A clock, and the delays that were waited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.delays: list[float] = []
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        self.now += seconds


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    return Times(monkeypatch)


async def test_a_text_is_the_token_and_has_no_successor(times: Times) -> None:
    source = TokenSource(" a.b-c_d=\n", 1, lambda: times.now)
    assert await source.get() == "a.b-c_d="
    assert await source.renew(60) is None


async def test_a_function_is_called_for_each_connection_and_for_each_end(times: Times) -> None:
    tokens = Tokens("one", "two", "three", "three")
    source = TokenSource(tokens, 1, lambda: times.now)
    assert [await source.get(), await source.get()] == ["one", "two"]
    times.now += 900
    assert [await source.renew(60), await source.renew(60)] == ["three", None]
    assert tokens.calls == 4


async def test_tokens_of_a_short_life_are_used_for_half_of_it(times: Times) -> None:
    source = TokenSource(Tokens("one", "two", "three", "four"), 1, lambda: times.now)
    await source.get()
    for seconds_left in (20, 0):
        await source.renew(seconds_left)
    times.now += 30
    await source.renew(60)
    assert times.delays == [10, 0.5]


@pytest.mark.parametrize("token", ["", " ", "two words", "line\r\nX-Header: 1", "tökén", None, 1])
async def test_what_is_no_token_is_not_sent_and_not_repeated(token: object) -> None:
    with pytest.raises(TokenUnavailable) as error:
        await TokenSource(Tokens(token), 1).get()
    assert not str(token).strip() or str(token) not in str(error.value)


async def test_an_exception_of_the_function_is_the_cause() -> None:
    cause = OSError("secret")
    with pytest.raises(TokenUnavailable, match="failed") as error:
        await TokenSource(Tokens(cause), 1).get()
    assert error.value.__cause__ is cause
    assert "secret" not in str(error.value)


async def test_a_function_that_hangs_is_given_up() -> None:
    async def hang() -> str:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    with pytest.raises(TokenUnavailable, match=r"within 0\.01 s"):
        await TokenSource(hang, 0.01).get()


class Sent:
    """What a renewal sends."""

    def __init__(self, *tokens: object) -> None:
        self.source = TokenSource(Tokens("first", *tokens), 1, lambda: 1000.0)
        self.tokens: list[str] = []
        self.renewal = TokenRenewal(self.source, self._send)

    async def _send(self, token: str) -> None:
        self.tokens.append(token)

    async def warn(self) -> None:
        """The service warns; the renewal ends."""
        await self.source.get()
        assert not self.renewal.take({"type": "auth_expiring", "seconds_left": 0})
        [task] = asyncio.all_tasks() - {asyncio.current_task()}
        await task


@pytest.mark.usefixtures("times")
async def test_a_warning_sends_another_token() -> None:
    sent = Sent("second")
    await sent.warn()
    assert (sent.tokens, sent.renewal.error) == (["second"], None)


@pytest.mark.usefixtures("times")
async def test_the_same_token_is_not_sent_again() -> None:
    sent = Sent("first")
    await sent.warn()
    assert (sent.tokens, sent.renewal.error) == ([], None)


@pytest.mark.usefixtures("times")
async def test_a_failure_is_kept_for_the_end() -> None:
    sent = Sent(OSError())
    await sent.warn()
    assert sent.tokens == []
    assert isinstance(sent.renewal.error, TokenUnavailable)


@pytest.mark.usefixtures("times")
async def test_a_refusal_is_kept_and_answers_nothing_else() -> None:
    sent = Sent("second")
    refusal = {"type": "error", "code": "UNAUTHENTICATED", "message": "Another user.", "fatal": False}
    assert not sent.renewal.take(refusal), "the user sent an auth_refresh"
    await sent.warn()
    assert not sent.renewal.take(refusal | {"fatal": True})
    assert not sent.renewal.take(refusal | {"code": "INVALID_MESSAGE"})
    assert sent.renewal.error is None
    assert sent.renewal.take(refusal)
    assert isinstance(sent.renewal.error, ServerError)
    assert not sent.renewal.take(refusal)


@pytest.mark.usefixtures("times")
async def test_a_renewal_that_is_accepted_forgets_an_earlier_failure() -> None:
    sent = Sent(OSError(), "second")
    await sent.warn()
    assert not sent.renewal.take({"type": "auth_expiring", "seconds_left": 0})
    [task] = asyncio.all_tasks() - {asyncio.current_task()}
    await task
    assert sent.renewal.take({"type": "auth_refreshed"})
    assert (sent.tokens, sent.renewal.error) == (["second"], None)


def test_the_token_is_the_only_authorization() -> None:
    given = {"additional_headers": {"authorization": "Basic x", "X-Other": "1"}, "ssl": True}
    options = with_token(given, "t")
    assert list(options["additional_headers"].raw_items()) == [("X-Other", "1"), ("Authorization", "Bearer t")]
    assert options["ssl"]
    assert given["additional_headers"] == {"authorization": "Basic x", "X-Other": "1"}


def test_headers_and_frames_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = with_token({}, "t")["logger"]
    logger.debug("> Authorization: Bearer t")
    logger.info("opened")
    assert [record.message for record in caplog.records] == ["opened"]
    own = logging.getLogger("own")
    assert with_token({"logger": own}, "t")["logger"] is own
