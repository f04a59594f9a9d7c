"""The sink that reports faults to Sentry, with the ids of their trace and their log lines."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sentry_sdk.utils import single_exception_from_error_tuple

from observability.faults import exception_chain, safe_text
from observability.sentry.sentry_client import UndeliveredError, sentry_client
from observability.throttle import Throttle
from service.events import Event, FaultRaised
from service.process.background_worker import BackgroundWorker
from service.protocol.errors import StreamingError
from service.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event as SentryEvent

_MAX_QUEUED = 100
_WINDOW_SECONDS = 60
_MAX_PER_KIND = 10
_MAX_TOTAL = 60
"""Faults that are reported within a window."""

_WITHHELD = "[withheld: it may quote content]"


class SentrySink:
    """Reports faults in a background worker, which starts with the first fault.

    ``on_throttled`` is called for each fault over the limits of a minute. ``on_dropped`` is called, in any thread, with
    the number of others that Sentry does not receive: in excess of the queue, refused by Sentry or lost in transit.
    ``record`` must be called in one thread.
    """

    def __init__(
        self, settings: Settings, instance: str, on_dropped: Callable[[int], None], on_throttled: Callable[[], None]
    ) -> None:
        """``instance`` is the id of this process."""
        self._client = sentry_client(settings)
        self._instance = instance
        self._on_dropped = on_dropped
        self._on_throttled = on_throttled
        self._throttle = Throttle(time.monotonic)
        self._suppressed = 0
        """Faults suppressed in windows that have ended, since the last report."""
        self._worker = BackgroundWorker[_Report](
            "sentry",
            self._send,
            max_items=_MAX_QUEUED,
            on_dropped=on_dropped,
            on_error=self._failed,
            batch_size=lambda _reports: 1,
        )

    def record(self, event: Event) -> None:
        if not isinstance(event, FaultRaised):
            return
        if not self._allows(event.exception):
            self._on_throttled()
        elif self._worker.put(_Report(event, datetime.now(UTC), self._suppressed)):
            self._suppressed = 0
            self._worker.start()
        else:
            self._on_dropped(1)

    def close(self, seconds: float) -> None:
        """Deliver what is queued, for at most this time; the rest is dropped, as is every later fault."""
        self._worker.close(seconds)

    def _allows(self, exception: BaseException) -> bool:
        self._suppressed += sum(count for _, count in self._throttle.collect_suppressed())
        return self._throttle.allows(_kind(exception), _MAX_PER_KIND, _WINDOW_SECONDS) and self._throttle.allows(
            "all", _MAX_TOTAL, _WINDOW_SECONDS
        )

    def _send(self, reports: Sequence["_Report"]) -> None:
        for report in reports:
            self._client.capture_event(_event(report, self._instance, self._client.options))

    def _failed(self, error: Exception) -> None:
        if not self._worker.abandoned:
            delivery = isinstance(error, UndeliveredError)
            reason = str(error) if delivery else f"{type(error).__name__} in the sink."
            logging.getLogger(__name__).warning("a fault did not reach Sentry: %s", reason)


class _Report(Struct, frozen=True):
    fault: FaultRaised
    at: datetime
    suppressed: int


def _kind(exception: BaseException) -> str:
    """The types of the exception and its causes with their lines of code."""
    return " < ".join(f"{type(cause).__qualname__} at {_raised_at(cause)}" for cause in exception_chain(exception))


def _raised_at(exception: BaseException) -> str:
    location = ""
    for frame, line in walk_tb(exception.__traceback__):
        location = f"{frame.f_code.co_filename}:{line}"
    return location


def _event(report: _Report, instance: str, options: dict[str, Any]) -> "SentryEvent":
    fault = report.fault
    exceptions = []
    for cause in exception_chain(fault.exception):
        value = single_exception_from_error_tuple(type(cause), cause, cause.__traceback__, client_options=options)
        exceptions.append({**value, "value": safe_text(cause) or _WITHHELD})
    tags = {
        "instance": instance,
        "source": fault.source,
        "error_id": fault.error_id,
        "error_code": fault.exception.code if isinstance(fault.exception, StreamingError) else "",
        "connection_id": fault.connection_id,
        "session_id": fault.session_id,
        "stream_id": fault.stream_id,
    }
    contexts: dict[str, dict[str, object]] = {"suppression": {"suppressed_before": report.suppressed}}
    if fault.trace is not None:
        contexts["trace"] = {"trace_id": fault.trace.trace_id, "span_id": fault.trace.span_id}
    event: SentryEvent = {
        "timestamp": report.at,
        "level": "error",
        "exception": {"values": exceptions[::-1]},
        "tags": {name: str(value) for name, value in tags.items() if value},
        "contexts": contexts,
    }
    if fault.principal is not None:
        event["user"] = {"id": fault.principal.pseudonym}
    return event
