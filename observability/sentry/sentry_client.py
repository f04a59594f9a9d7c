"""The client of Sentry: what leaves the process, how it is sent, and why an event was not delivered."""

import socket
import ssl
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sentry_sdk
from msgspec import Struct
from msgspec.structs import replace
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport
from urllib3 import Retry

from observability.faults import exception_chain
from service import __version__
from service.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event as SentryEvent
    from sentry_sdk.types import Hint

_TEST_MESSAGE = "Test event: faults of this service are reported here."

_ATTEMPT_SECONDS = 5
_RETRIES = 1
"""A connection from the pool may be broken."""

_KEPT = frozenset(
    {
        "contexts",
        "environment",
        "event_id",
        "exception",
        "level",
        "message",
        "platform",
        "release",
        "sdk",
        "server_name",
        "tags",
        "timestamp",
        "user",
    }
)
"""The fields of an event that leave the process: no requests, headers, breadcrumbs or modules; users by a digest."""


class UndeliveredError(Exception):
    """Sentry did not accept an event. ``str()`` is the reason as a sentence."""

    def __init__(self, sentence: str, *, refused: bool) -> None:
        self.refused = refused
        """Whether Sentry responded with a refusal."""
        super().__init__(sentence)


class DeliveryResult(Struct, frozen=True):
    """The result of sending a test event."""

    event_id: str
    host: str
    environment: str
    release: str
    problem: str = ""
    """The reason for a failure, as a sentence; empty if the event was delivered."""
    refused: bool = False
    """Whether Sentry responded with a refusal."""


def send_test_event(settings: Settings) -> DeliveryResult:
    """Send one event to the DSN of the settings in the way that faults are sent. Blocks for some seconds at most."""
    client = sentry_client(settings)
    assert client.parsed_dsn is not None, "the settings have a DSN"
    event_id = uuid4().hex
    result = DeliveryResult(
        event_id, client.parsed_dsn.netloc, client.options["environment"], client.options["release"]
    )
    try:
        client.capture_event({"event_id": event_id, "level": "info", "message": _TEST_MESSAGE})
    except UndeliveredError as error:
        return replace(result, problem=str(error), refused=error.refused)
    return result


def sentry_client(settings: Settings) -> sentry_sdk.Client:
    """A client bound to no scope: nothing that libraries add to the global scopes of the SDK is sent."""
    assert settings.sentry_dsn is not None
    return sentry_sdk.Client(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment or settings.railway_environment or "production",
        release=settings.sentry_release or f"streaming-content-api@{__version__}",
        transport=_Transport,
        before_send=_scrub,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        max_request_body_size="never",
        propagate_traces=False,
        enable_backpressure_handling=False,
        send_client_reports=False,  # stream_telemetry_dropped_total counts it
        spotlight=False,
    )


def _scrub(event: "SentryEvent", _hint: "Hint") -> "SentryEvent":
    kept: SentryEvent = {name: value for name, value in event.items() if name in _KEPT}  # type: ignore[assignment]
    return kept


class _Transport(HttpTransport):
    """Sends in the calling thread, and raises ``UndeliveredError`` where the SDK would only count."""

    TIMEOUT = _ATTEMPT_SECONDS

    _started_at = 0.0

    def capture_envelope(self, envelope: Envelope) -> None:
        self._started_at = time.monotonic()
        self._send_envelope(envelope)

    def on_dropped_event(self, reason: str) -> None:
        assert self.parsed_dsn is not None
        host = self.parsed_dsn.netloc
        if reason == "network":
            seconds = time.monotonic() - self._started_at
            raise UndeliveredError(
                f"{host} cannot be reached: {_describe_failure(sys.exception(), seconds)}.", refused=False
            )
        if reason == "self_rate_limits":
            raise UndeliveredError(f"{host} requested a pause (rate limit).", refused=True)
        status = int(reason.removeprefix("status_"))
        raise UndeliveredError(f"{host} refused the event with HTTP {status}.{_HINTS.get(status, '')}", refused=True)

    def _get_pool_options(self) -> dict[str, Any]:
        retries = Retry(_RETRIES, redirect=False)  # the target of a redirect would receive the key
        return super()._get_pool_options() | {"retries": retries}


_NOT_THE_KEY = " Is the key in SENTRY_DSN right, and not disabled?"
_HINTS = {
    401: _NOT_THE_KEY,
    403: _NOT_THE_KEY,
    404: " Is the project in SENTRY_DSN right?",
    429: " The project's quota is used up.",
}


def _describe_failure(error: BaseException | None, seconds: float) -> str:
    """The reason why Sentry could not be reached; ``seconds`` is the duration of the attempt."""
    match next((cause for cause in exception_chain(error) if isinstance(cause, OSError)), None) if error else None:
        case TimeoutError():
            return f"it did not answer within {seconds:.0f} s"
        case ConnectionRefusedError():
            return "nothing listens there"
        case socket.gaierror():
            return "its name cannot be resolved"
        case ssl.SSLError() as failure:
            return f"TLS failed ({failure.reason})"
        case OSError(strerror=str() as text):
            return text
    return type(error).__name__
