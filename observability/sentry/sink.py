"""Faults in Sentry: exceptions that are ours to mend, with the ids that lead to their trace and their log lines."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sentry_sdk.utils import single_exception_from_error_tuple

from observability.faults import chain, safe_text
from observability.sentry.client import Undelivered, sentry_client
from observability.throttle import Throttle
from service.events import Event, FaultRaised
from service.process.background_worker import BackgroundWorker
from service.protocol.errors import StreamingError
from service.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event as SentryEvent

_MAX_QUEUED = 100
_WINDOW_SECONDS = 60
_MAX_OF_A_KIND = 10
_MAX_OF_ALL = 60
"""Faults that are reported in a window: the first of a flood tell what there is to tell."""

_WITHHELD = "[withheld: it may quote content]"


class SentrySink:
    """A sink that reports faults from a daemon thread, which begins with the first: a stack takes milliseconds.

    Each fault that Sentry does not get is told to ``on_dropped``, from whichever thread finds out: held back in a
    flood, more than the queue holds, refused by Sentry, lost on the way. ``record`` belongs to one thread.
    """

    def __init__(self, settings: Settings, on_dropped: Callable[[int], None]) -> None:
        self._client = sentry_client(settings)
        self._on_dropped = on_dropped
        self._throttle = Throttle(time.monotonic)
        self._held_back = 0
        """In windows that are over, since the last report."""
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
        admitted = self._admits(event.exception)
        if not admitted or not self._worker.put(_Report(event, datetime.now(UTC), self._held_back)):
            self._on_dropped(1)
            return
        self._held_back = 0
        self._worker.start()

    def close(self, seconds: float) -> None:
        """Deliver what is queued, for at most this time; the rest is dropped, as is every later fault."""
        self._worker.close(seconds)

    def _admits(self, exception: BaseException) -> bool:
        self._held_back += sum(count for _, count in self._throttle.settled())
        return self._throttle.admits(_kind(exception), _MAX_OF_A_KIND, _WINDOW_SECONDS) and self._throttle.admits(
            "all", _MAX_OF_ALL, _WINDOW_SECONDS
        )

    def _send(self, reports: Sequence["_Report"]) -> None:
        for report in reports:
            self._client.capture_event(_event(report, self._client.options))

    def _failed(self, error: Exception) -> None:
        if not self._worker.abandoned:
            why = str(error) if isinstance(error, Undelivered) else f"{type(error).__name__} in the sink."
            logging.getLogger(__name__).warning("a fault did not reach Sentry: %s", why)


class _Report(Struct, frozen=True):
    fault: FaultRaised
    at: datetime
    held_back: int


def _kind(exception: BaseException) -> str:
    """The type and the line of code of the exception and of all that it came from."""
    return " < ".join(f"{type(one).__qualname__} at {_raised_at(one)}" for one in chain(exception))


def _raised_at(exception: BaseException) -> str:
    place = ""
    for frame, line in walk_tb(exception.__traceback__):
        place = f"{frame.f_code.co_filename}:{line}"
    return place


def _event(report: _Report, options: dict[str, Any]) -> "SentryEvent":
    fault = report.fault
    exceptions = []
    for one in chain(fault.exception):
        exceptions.append(single_exception_from_error_tuple(type(one), one, one.__traceback__, client_options=options))
        exceptions[-1]["value"] = safe_text(one) or _WITHHELD
    tags = {
        "place": fault.source,
        "error_id": fault.error_id,
        "error_code": fault.exception.code if isinstance(fault.exception, StreamingError) else "",
        "connection_id": fault.connection_id,
        "session_id": fault.session_id,
        "stream_id": fault.stream_id,
    }
    contexts: dict[str, dict[str, object]] = {"flood": {"held_back_before": report.held_back}}
    if fault.trace is not None:
        contexts["trace"] = {"trace_id": fault.trace.trace_id, "span_id": fault.trace.span_id}
    return {
        "timestamp": report.at,
        "level": "error",
        "exception": {"values": exceptions[::-1]},
        "tags": {name: str(value) for name, value in tags.items() if value},
        "contexts": contexts,
    }
