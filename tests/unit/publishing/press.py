"""The routes of producers over stores in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from msgspec.structs import replace
from pydantic import SecretStr

from service.access.principal import AccessRefusal, Principal
from service.client_address import TrustedProxies
from service.events import Event, TokenRefused
from service.live.ports import LiveNotice
from service.protocol.instant import Instant
from service.protocol.quota_kind import QuotaKind
from service.protocol.trace import Trace, TraceContext
from service.publishing.cancel_rights import CancelGuard, ControlHolders, SessionKnowers
from service.publishing.cancellation import Cancellation
from service.publishing.creation import StreamCreator
from service.publishing.publications import Publications
from service.publishing.rights import HttpProducer, OperatorToken, ProducerGuard, TokenHolders
from service.publishing.routes import CallRights, publishing_routes
from service.session.records import Admission, Claim, SessionSnapshot
from service.websocket.quotas import Quotas
from tests.unit.publishing.memory_live_store import DirectWriter, MemoryLiveStore
from tests.unit.websocket.access_doubles import AccessStore, Tokens, access_control
from tests.unit.websocket.in_memory import Ids, Store

SECRET = "0123456789abcdef"
MAX_REQUESTS = 3


class Sessions(Store):
    """Sessions that count their requests, and know claims that were made before."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[str, int] = {}
        self.claims: dict[tuple[str, bytes, str], tuple[bytes, str]] = {}

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        key = snapshot.session_key
        used = self.used.get(key, 0)
        if claim is not None:
            name = key, claim.owner, claim.request_id
            fingerprint, repeats = self.claims.get(name, (claim.fingerprint, None))
            if fingerprint != claim.fingerprint:
                return Admission(admitted=False, requests_used=used, conflicts=True)
            if repeats is not None:
                return Admission(admitted=True, requests_used=used, repeats=repeats)
        if used >= MAX_REQUESTS:
            return Admission(admitted=False, requests_used=used)
        self.used[key] = used + 1
        if claim is not None:
            self.claims[key, claim.owner, claim.request_id] = claim.fingerprint, stream_id
        return Admission(admitted=True, requests_used=used + 1)


class DistinctIds(Ids):
    """Each stream has a span of its own."""

    def new_trace(self, parent: TraceContext | None) -> Trace:
        trace = super().new_trace(parent)
        trace_id = trace.trace_id if parent is None else parent.trace_id
        return replace(trace, trace_id=trace_id, span_id=self.new_id(), parent=parent)


def _clock() -> Instant:
    return Instant(0.0, 1_700_000_000.0)


class Press:
    """A service for producers. With ``known`` tokens it has authentication, else the token of the operator."""

    def __init__(
        self,
        known: dict[str, Principal | AccessRefusal] | None = None,
        *,
        secret: str | None = SECRET,
        quotas: dict[QuotaKind, int] | None = None,
        writer: Callable[[MemoryLiveStore], DirectWriter] = DirectWriter,
    ) -> None:
        self.events: list[Event] = []
        self.notices: list[LiveNotice] = []
        self.debits: list[tuple[str, int]] = []
        self.store = MemoryLiveStore()
        self.writer = writer(self.store)
        self.sessions = Sessions()
        self.readers: dict[str, int] = {}
        guard: ProducerGuard
        cancellers: CancelGuard
        if known is None:
            guard = OperatorToken(None if secret is None else SecretStr(secret), self)
            cancellers = SessionKnowers(guard, self.store, self.sessions)
        else:
            guard = TokenHolders(access_control(Tokens(known)), self)
            cancellers = ControlHolders(guard, self.store)
        ids = DistinctIds()
        charges = None if quotas is None else Quotas(AccessStore(), quotas, self, ids, by_address=known is None)
        cancellation = Cancellation(self.store, self.notices.append, self, _clock)
        self.publications = Publications(
            self.store,
            self.writer,
            cancellation,
            notify=self.notices.append,
            readers=lambda stream_id: self.readers.get(stream_id, 0),
            recorder=self,
            debit=lambda producer, kib: self.debits.append((producer.name, kib)),
        )
        creator = StreamCreator(
            self.sessions,
            self.store,
            quotas=charges,
            max_requests=MAX_REQUESTS,
            notify=self.notices.append,
            ids=ids,
            recorder=self,
            clock=_clock,
        )
        self.app = FastAPI(openapi_url=None)
        rights = CallRights(HttpProducer(guard), cancellers)
        self.app.include_router(publishing_routes(creator, self.publications, rights, TrustedProxies(), self))

    def record(self, event: Event) -> None:
        self.events.append(event)

    @property
    def refusals(self) -> list[AccessRefusal]:
        return [event.reason for event in self.events if isinstance(event, TokenRefused)]

    @asynccontextmanager
    async def client(self, token: str = SECRET, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        all_headers = {"Authorization": f"Bearer {token}", **headers} if token else headers
        async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers=all_headers) as client:
            yield client


async def create(client: httpx.AsyncClient, session_id: str = "s-1", **options: object) -> dict[str, Any]:
    """Create a stream of text."""
    answer = await client.post(f"/sessions/{session_id}/streams", json={"content_type": "text", **options})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def append(client: httpx.AsyncClient, stream_id: str, offset: int, data: bytes, epoch: int = 0) -> httpx.Response:
    return await client.post(f"/streams/{stream_id}/append?epoch={epoch}&offset={offset}", content=data)


async def close(
    client: httpx.AsyncClient, stream_id: str, offset: int, status: str = "complete", **more: object
) -> httpx.Response:
    return await client.post(f"/streams/{stream_id}/close?epoch=0", json={"status": status, "offset": offset, **more})


def error(answer: httpx.Response) -> dict[str, Any]:
    """The error of an answer, less its sentence, with its status."""
    body = answer.json()
    assert list(body) == ["error"], body
    details: dict[str, Any] = body["error"]
    assert details.pop("message").endswith(".")
    return {"http": answer.status_code, **details}
