"""A client of Sentry for this service: what it may send, how it sends it, and why something did not arrive."""

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

from observability.faults import chain
from service import __version__
from service.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event as SentryEvent
    from sentry_sdk.types import Hint

_TEST_MESSAGE = "A test: faults of this service arrive here."

_ATTEMPT_SECONDS = 5
_RETRIES = 1
"""A connection that was kept may have died unnoticed."""

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
    }
)
"""What of an event leaves the process: nothing of requests, headers, users, breadcrumbs or modules."""


class Undelivered(Exception):
    """Sentry has not got an event. ``str()`` is a sentence that says why."""

    def __init__(self, sentence: str, *, refused: bool) -> None:
        self.refused = refused
        """Whether Sentry was there, and said no."""
        super().__init__(sentence)


class Attempt(Struct, frozen=True):
    """What became of a test event."""

    event_id: str
    host: str
    environment: str
    release: str
    problem: str = ""
    """Why it was not delivered, in a sentence; empty if it was."""
    refused: bool = False
    """Whether Sentry was there, and said no."""


def send_test_event(settings: Settings) -> Attempt:
    """One event, by the way that faults take to the settings' DSN. Blocks for some seconds at most."""
    client = sentry_client(settings)
    assert client.parsed_dsn is not None, "the settings have a DSN"
    event_id = uuid4().hex
    attempt = Attempt(event_id, client.parsed_dsn.netloc, client.options["environment"], client.options["release"])
    try:
        client.capture_event({"event_id": event_id, "level": "info", "message": _TEST_MESSAGE})
    except Undelivered as error:
        return replace(attempt, problem=str(error), refused=error.refused)
    return attempt


def sentry_client(settings: Settings) -> sentry_sdk.Client:
    """A client of our own, bound to no scope: nothing that libraries leave in the SDK's global ones goes along."""
    assert settings.sentry_dsn is not None
    return sentry_sdk.Client(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment or settings.railway_environment or "production",
        release=settings.sentry_release or f"streaming-content-api@{__version__}",
        transport=_Transport,
        before_send=_scrubbed,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        max_request_body_size="never",
        propagate_traces=False,
        enable_backpressure_handling=False,
        send_client_reports=False,  # stream_telemetry_dropped_total says it
        spotlight=False,
    )


def _scrubbed(event: "SentryEvent", _hint: "Hint") -> "SentryEvent":
    kept: SentryEvent = {name: value for name, value in event.items() if name in _KEPT}  # type: ignore[assignment]
    return kept


class _Transport(HttpTransport):
    """Sends in the thread that captures, and raises ``Undelivered`` where the SDK would only count."""

    TIMEOUT = _ATTEMPT_SECONDS

    _began = 0.0

    def capture_envelope(self, envelope: Envelope) -> None:
        self._began = time.monotonic()
        self._send_envelope(envelope)

    def on_dropped_event(self, reason: str) -> None:
        assert self.parsed_dsn is not None
        host = self.parsed_dsn.netloc
        if reason == "network":
            seconds = time.monotonic() - self._began
            raise Undelivered(f"{host} cannot be reached: {_why(sys.exception(), seconds)}.", refused=False)
        if reason == "self_rate_limits":
            raise Undelivered(f"{host} asked to be spared for a while.", refused=True)
        status = int(reason.removeprefix("status_"))
        raise Undelivered(f"{host} refused the event with HTTP {status}.{_HINTS.get(status, '')}", refused=True)

    def _get_pool_options(self) -> dict[str, Any]:
        return super()._get_pool_options() | {
            "retries": Retry(_RETRIES, redirect=False)
        }  # who a redirect leads to would get the key


_NOT_THE_KEY = " Is the key in SENTRY_DSN right, and not disabled?"
_HINTS = {
    401: _NOT_THE_KEY,
    403: _NOT_THE_KEY,
    404: " Is the project in SENTRY_DSN right?",
    429: " The project's quota is used up.",
}


def _why(error: BaseException | None, seconds: float) -> str:
    """Why Sentry could not be reached, for which it took so long to find out."""
    match next((one for one in chain(error) if isinstance(one, OSError)), None) if error else None:
        case TimeoutError():
            return f"it did not answer within {seconds:.0f} s"
        case ConnectionRefusedError():
            return "nothing listens there"
        case socket.gaierror():
            return "its name is not known"
        case ssl.SSLError() as failure:
            return f"TLS failed ({failure.reason})"
        case OSError(strerror=str() as words):
            return words
    return type(error).__name__
