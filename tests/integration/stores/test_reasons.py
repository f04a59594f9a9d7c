"""The reason for an unavailable store contains no content, no token and no password."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from observability.logs.log_sink import LogSink
from service.events import DependencyCalled, DependencyChanged, DependencyFailed, Event
from service.protocol.limits import Limits
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import StreamRecord
from service.stores.breaker import FAILURES, Breaker
from service.stores.failover import FailoverSessionStore, SharedStore
from service.stores.redis.plan_store import RedisPlanStore
from service.stores.redis.store import RedisSessionStore
from service.stores.sqlite.store import SqliteSessionStore
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.contract.stores.contract.records import RECORD

PASSWORD, WORDS, REQUEST_ID, TOKEN = "hunter-2", "private words", "my-request", b"t0k3n-of" * 4
SECRETS = (PASSWORD, WORDS, REQUEST_ID, TOKEN.decode(), TOKEN.hex())
SECRET_RECORD = msgspec.structs.replace(
    RECORD, stream_id="secret", owners=(TOKEN,), request_id=REQUEST_ID, plan=WORDS.encode()
)
LIMITS = Limits()
REST_SECONDS = 3600
"""Longer than a test: there is no probe."""


class Recording:
    """Implements ``Recorder``: the events, and their log lines."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lines: list[str] = []
        logger: Any = self
        self._sink = LogSink(logger)

    def log(self, line: object, **fields: object) -> None:
        """As ``EventLogger`` has it."""
        self._lines.append(f"{line} {fields}")

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyCalled):
            return
        self._events.append(event)
        self._sink.record(event)

    def reason(self) -> str:
        """The reason that was recorded, in events and log lines without a secret."""
        assert {type(event) for event in self._events} == {DependencyFailed, DependencyChanged}
        (reason,) = [event.reason for event in self._events if isinstance(event, DependencyChanged)]
        (line,) = self._lines
        assert reason in line
        assert not [secret for secret in SECRETS if secret in f"{self._events} {line}"]
        return reason


@asynccontextmanager
async def guarded(primary: SharedStore, recording: Recording) -> AsyncIterator[SessionStore]:
    local = SqliteSessionStore(None, LIMITS, 300)
    store = FailoverSessionStore(primary, local, recording, lambda: Breaker(rest_seconds=REST_SECONDS))
    yield store
    await store.close()


async def reason_of_sessions(primary: SharedStore, record: StreamRecord = SECRET_RECORD) -> str:
    recording = Recording()
    async with guarded(primary, recording) as store:
        for _ in range(FAILURES):
            with pytest.raises(StoreUnavailable):
                await store.put(record)
    return recording.reason()


async def reason_of_plans(url: str) -> str:
    recording = Recording()
    store = RedisPlanStore(url, 300, recording, Breaker(rest_seconds=REST_SECONDS))
    for _ in range(FAILURES):
        store.put(TOKEN, WORDS.encode())
        assert await store.get(TOKEN) is None
    await store.close()
    return recording.reason()


async def reasons_of_redis(url: str) -> set[str]:
    """The reasons of both stores."""
    return {await reason_of_sessions(RedisSessionStore(url, LIMITS, 300)), await reason_of_plans(url)}


async def test_redis_rejects_a_command_and_quotes_it(start_redis: StartRedis) -> None:
    unknown = [part for name in ("EVALSHA", "EVAL", "GET", "SET") for part in ("--rename-command", name, "")]
    assert await reasons_of_redis(start_redis(*unknown).url) == {"Redis refused: ResponseError"}


async def test_the_password_is_wrong(redis: Redis) -> None:
    assert await reasons_of_redis(f"redis://someone:{PASSWORD}@{redis.address}/0") == {
        "Redis refused: AuthenticationError"
    }


async def test_a_password_is_read_as_the_name_of_a_file() -> None:
    address = f"unix:///nowhere/{PASSWORD}@localhost"
    assert await reasons_of_redis(address) == {"No connection to Redis: FileNotFoundError"}


async def test_another_server_answers() -> None:
    async def send_secrets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(f"{WORDS} {PASSWORD}\r\n".encode())
        writer.close()

    async with await asyncio.start_server(send_secrets, "127.0.0.1", 0) as server:
        _, port = server.sockets[0].getsockname()
        assert await reasons_of_redis(f"redis://127.0.0.1:{port}") == {"Redis refused: InvalidResponse"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.sqlite3"


@pytest.mark.parametrize(
    "broken",
    [{"plan": [WORDS]}, {"request_id": f"{REQUEST_ID}\udcff"}, {"owners": [REQUEST_ID]}, {"epoch": 2**64}],
    ids=lambda broken: next(iter(broken)),
)
async def test_sqlite_cannot_store_a_value(path: Path, broken: dict[str, Any]) -> None:
    store = SqliteSessionStore(path, LIMITS, 300)
    assert await reason_of_sessions(store, msgspec.structs.replace(SECRET_RECORD, **broken))


@pytest.mark.parametrize(
    "harm",
    [
        "DROP TABLE contents",
        "CREATE TRIGGER harm BEFORE INSERT ON streams BEGIN SELECT json('{' || new.request_id); END",
        f"CREATE UNIQUE INDEX harm ON contents (plan); INSERT INTO contents VALUES ('o', x'{WORDS.encode().hex()}')",
    ],
    ids=["no table", "malformed", "not unique"],
)
async def test_sqlite_rejects_a_row(path: Path, harm: str) -> None:
    store = SqliteSessionStore(path, LIMITS, 300, sweep_seconds=REST_SECONDS)
    with closing(sqlite3.connect(path)) as harming:
        harming.executescript(harm)
    assert "Error: " in await reason_of_sessions(store)
