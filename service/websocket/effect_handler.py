"""Performs the effects of a session machine: one call of a store or of the content engine for each."""

from collections.abc import Callable
from typing import assert_never

from msgspec import Struct, field

from service.access.principal import Principal
from service.content import UnreadablePlan
from service.events import FaultRaised, FaultSource, LiveMeter
from service.protocol.errors import ProcessingFailed, ServerBusy, StreamingError
from service.protocol.instant import Instant
from service.protocol.trace import Trace, parse_trace_context
from service.session import effects
from service.session.live_effects import AttachLive, CancelLive, DetachLive, ListLive
from service.session.live_ports import LiveStreams
from service.session.ports import ContentEngine, Ids, PreparationFailed, Recorder, SessionStore, StoreUnavailable
from service.websocket.access_control import AccessControl
from service.websocket.call_origin import CallOrigin, call_origin
from service.websocket.live_readings import LiveReadings
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.quotas import Account, Quotas
from service.websocket.ticker import Ticker


class Services(Struct, frozen=True):
    """The components that all connections of a process share."""

    store: SessionStore
    engine: ContentEngine
    ids: Ids
    recorder: Recorder
    ticker: Ticker
    pacer: Pacer
    writer: MessageWriter
    clock: Callable[[], Instant]
    access: AccessControl | None = None
    """``None`` without authentication."""
    quotas: Quotas | None = None
    """``None`` if none is set."""
    live_meter: LiveMeter = field(default_factory=LiveMeter)
    live: LiveStreams | None = None
    """``None`` without live streams."""


class EffectHandler:
    """Performs the effects of one connection and records their faults."""

    __slots__ = ("_account", "_client", "_connection_id", "_principal", "_readings", "_services", "_session_id")

    def __init__(  # noqa: PLR0913 - independent facts
        self,
        services: Services,
        connection_id: str,
        session_id: str,
        client: str,
        *,
        account: Account | None = None,
        principal: Principal | None = None,
        on_live_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``client`` is that of the content engine; ``account`` is charged for requests, if there is one.

        ``principal`` is who is connected; ``None`` without authentication. ``on_live_change`` is called when a live
        stream has changed that the connection reads.
        """
        self._account = account
        self._principal = principal
        self._client = client
        self._services = services
        self._connection_id = connection_id
        self._session_id = session_id
        self._readings = (
            None if services.live is None else LiveReadings(services.live, on_live_change, self._record_live_fault)
        )

    async def perform(self, effect: effects.TicketedEffect) -> effects.EffectResult:
        """Return the result of the effect. Never raises: an exception is a result too. Called in a task of its own."""
        _, stream_id, trace = _attribute(effect)
        call_origin.set(CallOrigin(self._connection_id, self._session_id, stream_id, trace))
        try:
            return await self._perform(effect)
        except PreparationFailed as failure:
            if self._account is not None:
                self._account.debit_content_time(failure.seconds)
            error = self._error_for_client(effect, failure.__cause__ or failure)
            return effects.EffectFailed(effect.ticket, error, failure.seconds, failure.stages)
        except Exception as exception:  # noqa: BLE001 - any exception ends this request and no other
            match effect, exception:
                case effects.UnpackPlan(), UnreadablePlan():
                    return effects.PlanUnreadable(effect.ticket)
                case effects.UnpackPlan(), ServerBusy():
                    return effects.ContentEngineBusy(effect.ticket)
                case (
                    effects.JoinSession()
                    | effects.PutStream()
                    | effects.GetStream()
                    | effects.AcquireStream()
                    | effects.MarkSkip()
                    | ListLive()
                    | AttachLive(),
                    StoreUnavailable(),
                ):
                    return effects.StoreFailed(effect.ticket)
                case _:
                    return effects.EffectFailed(effect.ticket, self._error_for_client(effect, exception))

    def start(self, effect: effects.UpdateStatus | DetachLive | CancelLive) -> None:
        """Start an effect that has no result."""
        match effect:
            case effects.UpdateStatus(stream_id, epoch, status):
                self._services.store.update_status(stream_id, epoch, status)
            case DetachLive(reading):
                assert self._readings is not None
                self._readings.detach(reading)
            case CancelLive(stream_id):
                assert self._readings is not None
                self._readings.cancel(stream_id)
            case _:
                assert_never(effect)

    def close(self) -> None:
        """The connection has ended."""
        if self._readings is not None:
            self._readings.close()

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
        ids = self._connection_id, self._session_id, stream_id
        fault = FaultRaised(error_id, source, exception, *ids, trace, self._principal)
        self._services.recorder.record(fault)
        return error_id

    async def _perform(self, effect: effects.TicketedEffect) -> effects.EffectResult:  # noqa: C901, PLR0911, PLR0912 - one for each effect
        store, engine = self._services.store, self._services.engine
        match effect:
            case effects.JoinSession(ticket, snapshot):
                return effects.SessionJoined(ticket, await store.join(snapshot))
            case effects.Admit():
                return await self._admit(effect)
            case effects.Prepare():
                return await self._prepare(effect)
            case effects.FindPlan(ticket, request, _, _, seconds_left):
                found = await engine.find(request, seconds_left, self._client)
                return effects.PlanNotFound(ticket) if found is None else effects.PlanPrepared(ticket, found)
            case effects.ChargeRepetition(ticket, snapshot, repeats):
                return effects.RepetitionCharged(ticket, await store.charge_repetition(snapshot, repeats))
            case effects.UnpackPlan(ticket, plan):
                return effects.PlanUnpacked(ticket, await engine.unpack_plan(plan, self._client))
            case effects.PutStream(ticket, record):
                await store.put(record)
                if self._account is not None:
                    self._account.debit_stored_size(len(record.plan))
                return effects.StreamStored(ticket)
            case effects.GetStream(ticket, stream_id):
                return effects.StreamFetched(ticket, await store.get(stream_id))
            case effects.AcquireStream(ticket, stream_id, epoch, owner, trace):
                acquired = await store.acquire(stream_id, epoch, owner)
                return effects.AcquisitionDecided(ticket, acquired, self._services.ids.continue_trace(trace))
            case effects.MarkSkip(ticket, stream_id, _, epoch, index, settled):
                return effects.SkipMarked(ticket, await store.mark_skip(stream_id, epoch, index, settled=settled))
            case effects.Authenticate(ticket, token):
                assert self._services.access is not None
                return effects.TokenChecked(ticket, await self._services.access.authenticate(token))
            case ListLive():
                assert self._readings is not None
                return await self._readings.find(effect)
            case AttachLive():
                assert self._readings is not None
                return await self._readings.attach(effect)
            case _:
                assert_never(effect)

    async def _admit(self, effect: effects.Admit) -> effects.AdmissionDecided:
        services = self._services
        called_at = services.clock().seconds
        if self._account is not None:
            await self._account.charge_request()
        stream_id = services.ids.new_id()
        trace = services.ids.new_trace(parse_trace_context(effect.request.trace))
        call_origin.set(CallOrigin(self._connection_id, self._session_id, stream_id, trace))
        admission = await services.store.admit(effect.snapshot, stream_id, effect.claim)
        return effects.AdmissionDecided(effect.ticket, admission, stream_id, trace, called_at)

    async def _prepare(self, effect: effects.Prepare) -> effects.PlanPrepared:
        preparation = await self._services.engine.prepare(effect.request, effect.seconds_left, self._client)
        if self._account is not None:
            self._account.debit_content_time(preparation.seconds)
        if preparation.plan.failure is not None:
            self.record_fault(preparation.plan.failure, FaultSource.CONTENT, effect.stream_id, effect.trace)
        return effects.PlanPrepared(effect.ticket, preparation)

    def _record_live_fault(self, exception: BaseException) -> None:
        self.record_fault(exception, FaultSource.LIVE)

    def _error_for_client(self, effect: effects.TicketedEffect, exception: BaseException) -> StreamingError:
        """Return the error that the client gets; record it if it is an error of the service."""
        if isinstance(exception, StreamingError) and not exception.reportable:
            return exception
        error_id = self.record_fault(exception, *_attribute(effect))
        if isinstance(exception, StreamingError):
            return exception
        return ProcessingFailed(f"The request could not be processed. Try again, or report id {error_id}.")


def _attribute(effect: effects.TicketedEffect) -> tuple[FaultSource, str, Trace | None]:  # noqa: PLR0911 - a table
    """Return the source of its faults, and the stream if it is known; the id in a ``recover`` may be any string."""
    match effect:
        case effects.JoinSession() | effects.Admit() | effects.ChargeRepetition():
            return FaultSource.ADMISSION, "", None
        case effects.Authenticate():
            return FaultSource.ACCESS, "", None
        case effects.Prepare() | effects.FindPlan():
            return FaultSource.CONTENT, effect.stream_id, effect.trace
        case effects.PutStream():
            return FaultSource.SESSION_STORE, effect.record.stream_id, effect.record.trace
        case effects.GetStream() | effects.UnpackPlan() | effects.AcquireStream():
            return FaultSource.RECOVERY, "", None
        case effects.MarkSkip():
            return FaultSource.RECOVERY, effect.stream_id, effect.trace
        case ListLive() | AttachLive():
            return FaultSource.LIVE, "", None
        case _:
            assert_never(effect)
