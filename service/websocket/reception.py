"""Receives connections: checks the token, charges the quotas, opens the session and starts the driver."""

from collections.abc import Mapping

from service.access.principal import AccessRefusal, Principal
from service.access.session_key import session_key
from service.events import (
    AttemptOutcome,
    ConnectionAttempted,
    ErrorSent,
    FaultRaised,
    FaultSource,
    TokenCarrier,
    TokenRefused,
)
from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.errors import (
    AuthUnavailable,
    ConnectionQuotaReached,
    Forbidden,
    InternalError,
    LimitReached,
    OverCapacity,
    StreamingError,
    TokenExpired,
    TokenRevoked,
    Unauthenticated,
)
from service.protocol.limits import Limits
from service.protocol.server_messages import ErrorMessage
from service.session.machine import SessionMachine
from service.session.options import DEFAULT_OPTIONS, SessionOptions
from service.session.ports import Connection
from service.session.records import SessionReserved
from service.websocket.arrival import Arrival
from service.websocket.call_origin import CallOrigin, call_origin
from service.websocket.driver import Driver
from service.websocket.effect_handler import Services
from service.websocket.hub import Hub
from service.websocket.quotas import Account

_ERRORS: Mapping[CloseCode, type[LimitReached]] = {
    CloseCode.UNAUTHENTICATED: Unauthenticated,
    CloseCode.TOKEN_EXPIRED: TokenExpired,
    CloseCode.TOKEN_REVOKED: TokenRevoked,
    CloseCode.FORBIDDEN: Forbidden,
    CloseCode.AUTH_UNAVAILABLE: AuthUnavailable,
}


_RESERVED = "The session has another secret, or none. Connect with that of its creator, or choose another session id."


class Reception:
    """A connection that is refused here receives an error, and closes; it has no session."""

    def __init__(
        self,
        hub: Hub,
        limits: Limits,
        services: Services,
        *,
        stores_content: bool,
        options: SessionOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._hub = hub
        self._limits = limits
        self._services = services
        self._stores_content = stores_content
        self._options = options

    @property
    def seconds(self) -> float:
        """The monotonic time."""
        return self._services.clock().seconds

    async def check(self, arrival: Arrival, token: str, carrier: TokenCarrier) -> Principal | AccessRefusal:
        """Return who may enter the session with the token, or why it is refused. Needs authentication."""
        assert self._services.access is not None
        checked = await self._services.access.enter(token, arrival.session_id)
        if isinstance(checked, AccessRefusal):
            self.record_refusal(arrival, checked, carrier)
        return checked

    async def charge(self, arrival: Arrival, principal: Principal | None) -> ConnectionQuotaReached | None:
        """Charge a connection; return why it is refused."""
        account = self._account(arrival, principal)
        error = None if account is None else await account.charge_connection()
        if error is not None:
            self.record(arrival, AttemptOutcome.REFUSED_QUOTA)
        return error

    async def receive(self, connection: Connection, arrival: Arrival, token: str, carrier: TokenCarrier) -> None:
        """Open the session for the user of the token, or close."""
        checked = await self.check(arrival, token, carrier)
        if isinstance(checked, AccessRefusal):
            self._close_refused(connection, arrival, checked)
        else:
            await self.admit(connection, arrival, checked)

    async def admit(self, connection: Connection, arrival: Arrival, principal: Principal | None) -> None:
        """Charge the connection and open the session, or close."""
        error = await self.charge(arrival, principal)
        if error is None:
            await self.open(connection, arrival, principal)
        else:
            self._close_for_quota(connection, arrival, error)

    async def open(self, connection: Connection, arrival: Arrival, principal: Principal | None) -> None:
        """Open the session for a connection that is charged, or close."""
        if not self._hub.reserve():
            self.record(arrival, AttemptOutcome.REFUSED_CAPACITY)
            error = OverCapacity("The server is full. Reconnect in some seconds.")
            self._close(connection, arrival, error, CloseCode.OVER_CAPACITY)
        elif (driver := await self._open(connection, arrival, principal)) is None:
            self._hub.release()
        else:
            self._hub.register(driver)
            self._hub.add_reader(driver)
            driver.start()
            if principal is not None and self._is_revoked(principal):  # while the session was opened
                driver.revoke()

    def refuse(self, connection: Connection, arrival: Arrival, refusal: AccessRefusal) -> None:
        """Close a connection that has sent no token."""
        self.record_refusal(arrival, refusal, TokenCarrier.MESSAGE)
        self._close_refused(connection, arrival, refusal)

    def record_refusal(self, arrival: Arrival, refusal: AccessRefusal, carrier: TokenCarrier) -> None:
        unavailable = refusal is AccessRefusal.UNAVAILABLE
        self.record(arrival, AttemptOutcome.ERROR if unavailable else AttemptOutcome.REFUSED_TOKEN)
        self._services.recorder.record(TokenRefused(refusal, carrier, arrival.session_id))

    def record(self, arrival: Arrival, outcome: AttemptOutcome, exception: Exception | None = None) -> None:
        """Record how the handshake ended."""
        seconds = self.seconds - arrival.started_at
        attempt = ConnectionAttempted(outcome, arrival.session_id, seconds, arrival.trace, exception)
        self._services.recorder.record(attempt)

    async def _open(self, connection: Connection, arrival: Arrival, principal: Principal | None) -> Driver | None:
        """Return ``None`` if it failed, and the connection closes."""
        services, session_id = self._services, arrival.session_id
        call_origin.set(CallOrigin(session_id=session_id))
        account = self._account(arrival, principal)
        try:
            key = session_key("" if principal is None else principal.space, session_id)
            snapshot = await services.store.open(key, arrival.secret)
            if isinstance(snapshot, SessionReserved):
                self.record(arrival, AttemptOutcome.REFUSED_SECRET)
                self._close(connection, arrival, Forbidden(_RESERVED), CloseCode.FORBIDDEN)
                return None
            refusal = await account.charge_session() if account is not None and snapshot.created else None
        except Exception as exception:  # noqa: BLE001 - every exception is reported to the client
            self._fail(connection, arrival, exception, principal)
            return None
        if refusal is not None:
            self.record(arrival, AttemptOutcome.REFUSED_QUOTA)
            self._close_for_quota(connection, arrival, refusal)
            return None
        self.record(arrival, AttemptOutcome.ACCEPTED)
        machine = SessionMachine(
            snapshot,
            session_id,
            services.ids.new_id(),
            self._limits,
            services.clock(),
            token=services.ids.new_token() if self._stores_content else None,
            principal=principal,
            options=self._options,
        )
        client = arrival.client if principal is None else principal.name
        return Driver(connection, machine, services, self._forget, client, account=account)

    def _fail(
        self,
        connection: Connection,
        arrival: Arrival,
        exception: Exception,
        principal: Principal | None,
    ) -> None:
        error_id = self._services.ids.new_id()
        self.record(arrival, AttemptOutcome.ERROR, exception)
        fault = FaultRaised(
            error_id, FaultSource.SESSION_STORE, exception, session_id=arrival.session_id, principal=principal
        )
        self._services.recorder.record(fault)
        error = InternalError(f"The session could not be opened. Reconnect soon; if it lasts, report id {error_id}.")
        self._close(connection, arrival, error, CloseCode.INTERNAL_ERROR)

    def _close_refused(self, connection: Connection, arrival: Arrival, refusal: AccessRefusal) -> None:
        self._close(connection, arrival, _ERRORS[refusal.close](refusal.sentence), refusal.close)

    def _close_for_quota(self, connection: Connection, arrival: Arrival, error: ConnectionQuotaReached) -> None:
        self._close(connection, arrival, error, CloseCode.QUOTA_REACHED)

    def _close(self, connection: Connection, arrival: Arrival, error: StreamingError, code: CloseCode) -> None:
        sent = ErrorSent("", arrival.session_id, error.code, str(error), error.reportable)
        self._services.recorder.record(sent)
        message = ErrorMessage.of(error)
        self._services.writer.send(connection, message)
        retry_after_ms = message.retry_after_ms
        connection.close(code, close_reason(code, retry_after_ms if isinstance(retry_after_ms, int) else None))

    def _account(self, arrival: Arrival, principal: Principal | None) -> Account | None:
        quotas = self._services.quotas
        return None if quotas is None else quotas.account(arrival.session_id, principal, arrival.address)

    def _is_revoked(self, principal: Principal) -> bool:
        return self._services.access is not None and principal in self._services.access.revoked

    def _forget(self, driver: Driver) -> None:
        self._hub.discard(driver)
        self._hub.remove_reader(driver)
        self._hub.release()
