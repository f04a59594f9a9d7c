"""Performs the effects of a session machine: one call of a store or of the content engine for each."""

from collections.abc import Callable
from typing import assert_never

from msgspec import Struct

from service.content import UnreadablePlan
from service.events import FaultRaised, FaultSource
from service.protocol.errors import ProcessingFailed, StreamingError
from service.protocol.instant import Instant
from service.protocol.trace import Trace, parse_trace_context
from service.session.effects import (
    AcquireStream,
    AcquisitionDecided,
    AdmissionDecided,
    Admit,
    EffectFailed,
    EffectResult,
    GetStream,
    MarkSkip,
    PlanPrepared,
    PlanUnpacked,
    PlanUnreadable,
    Prepare,
    PutStream,
    SkipMarked,
    StoreFailed,
    StreamFetched,
    StreamStored,
    TicketedEffect,
    UnpackPlan,
    UpdateStatus,
)
from service.session.ports import ContentEngine, Ids, PreparationFailed, Recorder, SessionStore, StoreUnavailable
from service.websocket.message_writer import MessageWriter
from service.websocket.ticker import Ticker


class Services(Struct, frozen=True):
    """What all connections of a process share."""

    store: SessionStore
    engine: ContentEngine
    ids: Ids
    recorder: Recorder
    ticker: Ticker
    writer: MessageWriter
    clock: Callable[[], Instant]


class EffectHandler:
    """Performs the effects of one connection and records their faults."""

    __slots__ = ("_connection_id", "_services", "_session_id")

    def __init__(self, services: Services, connection_id: str, session_id: str) -> None:
        self._services = services
        self._connection_id = connection_id
        self._session_id = session_id

    async def perform(self, effect: TicketedEffect) -> EffectResult:
        """Return the result of the effect. Every exception becomes an ``EffectFailed``."""
        try:
            return await self._perform(effect)
        except PreparationFailed as failure:
            error = self._error_for_client(effect, failure.__cause__ or failure)
            return EffectFailed(effect.ticket, error, failure.seconds, failure.stages)
        except Exception as exception:  # noqa: BLE001 - any exception ends this request and no other
            return EffectFailed(effect.ticket, self._error_for_client(effect, exception))

    def update_status(self, effect: UpdateStatus) -> None:
        self._services.store.update_status(effect.stream_id, effect.epoch, effect.status)

    def record_fault(
        self,
        exception: BaseException,
        source: FaultSource,
        stream_id: str = "",
        trace: Trace | None = None,
        error_id: str | None = None,
    ) -> str:
        """Record an error of the service; return its id."""
        error_id = error_id or self._services.ids.new_id()
        fault = FaultRaised(error_id, source, exception, self._connection_id, self._session_id, stream_id, trace)
        self._services.recorder.record(fault)
        return error_id

    async def _perform(self, effect: TicketedEffect) -> EffectResult:
        match effect:
            case Admit():
                return await self._admit(effect)
            case Prepare():
                return await self._prepare(effect)
            case UnpackPlan(ticket, plan):
                try:
                    return PlanUnpacked(ticket, await self._services.engine.unpack_plan(plan))
                except UnreadablePlan:
                    return PlanUnreadable(ticket)
            case PutStream() | GetStream() | AcquireStream() | MarkSkip():
                try:
                    return await self._call_store(effect)
                except StoreUnavailable:
                    return StoreFailed(effect.ticket)
            case _:
                assert_never(effect)

    async def _admit(self, effect: Admit) -> AdmissionDecided:
        services = self._services
        called_at = services.clock().seconds
        stream_id = services.ids.new_id()
        admission = await services.store.admit(effect.snapshot, stream_id, effect.claim)
        trace = services.ids.new_trace(parse_trace_context(effect.request.trace))
        return AdmissionDecided(effect.ticket, admission, stream_id, trace, called_at)

    async def _prepare(self, effect: Prepare) -> PlanPrepared:
        preparation = await self._services.engine.prepare(effect.request, effect.seconds_left)
        if preparation.plan.failure is not None:
            self.record_fault(preparation.plan.failure, FaultSource.CONTENT, effect.stream_id, effect.trace)
        return PlanPrepared(effect.ticket, preparation)

    async def _call_store(self, effect: PutStream | GetStream | AcquireStream | MarkSkip) -> EffectResult:
        store = self._services.store
        match effect:
            case PutStream(ticket, record):
                await store.put(record)
                return StreamStored(ticket)
            case GetStream(ticket, stream_id):
                return StreamFetched(ticket, await store.get(stream_id))
            case AcquireStream(ticket, stream_id, epoch, owner, trace):
                acquired = await store.acquire(stream_id, epoch, owner)
                return AcquisitionDecided(ticket, acquired, self._services.ids.continue_trace(trace))
            case MarkSkip(ticket, stream_id, _, epoch, index, settled):
                return SkipMarked(ticket, await store.mark_skip(stream_id, epoch, index, settled=settled))
            case _:
                assert_never(effect)

    def _error_for_client(self, effect: TicketedEffect, exception: BaseException) -> StreamingError:
        """Return the error that the client gets; record it if it is an error of the service."""
        if isinstance(exception, StreamingError) and not exception.reportable:
            return exception
        error_id = self.record_fault(exception, *_attribute(effect))
        if isinstance(exception, StreamingError):
            return exception
        return ProcessingFailed(f"The request could not be processed. Try again, or report id {error_id}.")


def _attribute(effect: TicketedEffect) -> tuple[FaultSource, str, Trace | None]:
    """Return the source of a fault, and the stream if it is known; the id in a ``recover`` may be any string."""
    match effect:
        case Admit():
            return FaultSource.ADMISSION, "", None
        case Prepare():
            return FaultSource.CONTENT, effect.stream_id, effect.trace
        case PutStream():
            return FaultSource.SESSION_STORE, effect.record.stream_id, effect.record.trace
        case GetStream() | UnpackPlan() | AcquireStream():
            return FaultSource.RECOVERY, "", None
        case MarkSkip():
            return FaultSource.RECOVERY, effect.stream_id, effect.trace
        case _:
            assert_never(effect)
