"""The export of log lines to a collector, as log records of OpenTelemetry."""

import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context
from opentelemetry.util.types import AnyValue

from observability.logs.layouts import cut_beginning, encodable_text
from observability.otlp import export_queue
from observability.otlp.export_queue import ExportQueue
from observability.otlp.otel_settings import OtlpSignal, load_batch_settings
from observability.otlp.resource import SCOPE
from observability.registry.log_types import LogLevel
from observability.registry.stream_lines import CHUNK_SENT

_SEVERITIES = {
    LogLevel.DEBUG: SeverityNumber.DEBUG,
    LogLevel.INFO: SeverityNumber.INFO,
    LogLevel.WARNING: SeverityNumber.WARN,
    LogLevel.ERROR: SeverityNumber.ERROR,
}
_OWN_LOGGERS = frozenset({OTLPLogExporter.__module__, export_queue.__name__})
"""Their lines are about this export: each would cause the next one."""
_WITH_CONTENT = frozenset({CHUNK_SENT.name})
"""Lines for a developer's machine, which no collector receives."""
_TRACEBACK_CHARACTERS = 4096
"""As much as on standard output, so that the queue is bounded by its number of lines."""
_IDENTITY = frozenset({"event", "trace_id", "span_id"})
"""Fields that are parts of a log record and not attributes."""


class _Line(Struct, frozen=True):
    at_ns: int
    level: LogLevel
    message: str
    fields: Mapping[str, object]


class LogExport:
    """Created if a collector for logs is configured. Raises ``SettingsError``.

    A record has what the line has: nothing is exported that is not written, and no content at all. ``on_dropped``
    receives the number of lost records, from any thread.
    """

    def __init__(self, resource: Resource, on_dropped: Callable[[int], None]) -> None:
        self._resource = resource
        self._exporter = OTLPLogExporter()
        self._queue = ExportQueue[_Line]("log lines", self._export, load_batch_settings(OtlpSignal.LOGS), on_dropped)

    def write(self, level: LogLevel, message: str, fields: Mapping[str, object]) -> None:
        """Queue a line, with its ``event`` among the fields. May be called in any thread."""
        if fields["event"] not in _WITH_CONTENT and fields.get("logger") not in _OWN_LOGGERS:
            excess = len(str(fields.get("exception", ""))) - _TRACEBACK_CHARACTERS
            if excess > 0:
                fields = {**fields, "exception": cut_beginning(str(fields["exception"]), excess)}
            self._queue.put(_Line(time.time_ns(), level, message, fields))

    def close(self, seconds: float) -> None:
        """Send the queued lines for at most this long; the rest is lost and counted. Blocks for as long."""
        self._queue.close(seconds)

    def _export(self, lines: Sequence[_Line]) -> bool:
        return self._exporter.export([*map(self._record, lines)]) is LogRecordExportResult.SUCCESS

    def _record(self, line: _Line) -> ReadableLogRecord:
        fields = line.fields
        record = LogRecord(
            timestamp=line.at_ns,
            observed_timestamp=line.at_ns,
            context=_context(fields),
            severity_text=line.level,
            severity_number=_SEVERITIES[line.level],
            body=encodable_text(line.message),
            attributes={name: _attribute(value) for name, value in fields.items() if name not in _IDENTITY},
            event_name=str(fields["event"]),
        )
        return ReadableLogRecord(record, self._resource, SCOPE)


def _context(fields: Mapping[str, object]) -> Context:
    """The context of the stream to which a line belongs."""
    if "trace_id" not in fields:
        return _NO_CONTEXT
    trace_id, span_id = int(str(fields["trace_id"]), 16), int(str(fields["span_id"]), 16)
    return set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False)), Context())


_NO_CONTEXT = set_span_in_context(NonRecordingSpan(SpanContext(0, 0, is_remote=False)), Context())


def _attribute(value: object) -> AnyValue:
    """The value in a type of OTLP; others are texts, as in JSON."""
    match value:
        case bool() | int() | float():
            return value
        case Mapping():
            return {str(key): _attribute(item) for key, item in value.items()}
        case _:
            return encodable_text(str(value))
