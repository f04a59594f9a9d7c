"""Validation of those OpenTelemetry variables whose errors the SDK would report too late or ignore.

The SDK reads the others itself. Nothing of the SDK is imported here: most services run without a collector.
"""

import os
from enum import StrEnum
from math import inf, nan
from urllib.parse import urlsplit

from dotenv import dotenv_values
from msgspec import Struct

from service.settings import SettingsError


class OtlpSignal(StrEnum):
    """A signal, as the names of its variables contain it."""

    TRACES = "TRACES"
    METRICS = "METRICS"
    LOGS = "LOGS"


_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_MAY_CONTAIN_KEYS = ("_ENDPOINT", "_HEADERS")
_DISABLED = "OTEL_SDK_DISABLED"
_BATCHES = {OtlpSignal.TRACES: "OTEL_BSP", OtlpSignal.LOGS: "OTEL_BLRP"}
_METRIC_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
_TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_HISTOGRAMS = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"
_WHOLE_NUMBERS = (
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
)
_SAMPLER = "OTEL_TRACES_SAMPLER"
_SAMPLER_ARGUMENT = "OTEL_TRACES_SAMPLER_ARG"

_QUEUED = 8192
"""The spans of nearly a thousand streams that end together, or the log lines of two thousand that start. Each takes
about 1 kB."""
_BATCH = 128
"""Encoding the 512 of OpenTelemetry's default holds the interpreter, and so the event loop, for 5 ms."""
_DELAY_MS = {OtlpSignal.TRACES: 5000, OtlpSignal.LOGS: 1000}
_METRIC_INTERVAL_MS = 60_000

_RATIO_GIVEN = -1.0
_SAMPLERS = {
    "always_on": 1.0,
    "always_off": 0.0,
    "traceidratio": _RATIO_GIVEN,
    "parentbased_always_on": 1.0,
    "parentbased_always_off": 0.0,
    "parentbased_traceidratio": _RATIO_GIVEN,
}


class BatchSettings(Struct, frozen=True):
    """How the items of a signal, spans or log lines, are batched before export."""

    queue: int
    """Maximum number of items that wait for export."""
    batch: int
    """Maximum number of items in one request."""
    delay_ms: int
    """Between two requests, unless a batch is full earlier."""


def load_dotenv_variables(path: str = ".env") -> None:
    """Copy unset OpenTelemetry variables from ``.env`` into the environment, which is all that the SDK reads."""
    for name, value in dotenv_values(path).items():
        if name.startswith("OTEL_") and value and not _value(name):
            os.environ[name] = value


def enabled_signals() -> frozenset[OtlpSignal]:
    """The signals for which a collector is configured. Raises ``SettingsError`` for a wrong variable of any of them."""
    if _value(_DISABLED).lower() == "true":
        return frozenset()
    enabled = frozenset(signal for signal in OtlpSignal if _is_enabled(signal))
    if enabled:
        _check_sdk_variables()
    if OtlpSignal.TRACES in enabled:
        load_sampling_ratio()
    if OtlpSignal.METRICS in enabled:
        load_metric_interval()
        _check_choice(_TEMPORALITY, "cumulative")
        _check_choice(_HISTOGRAMS, "explicit_bucket_histogram")
    for signal in enabled & _BATCHES.keys():
        load_batch_settings(signal)
    return enabled


def load_batch_settings(signal: OtlpSignal) -> BatchSettings:
    """For spans or log lines. Raises ``SettingsError``."""
    prefix = _BATCHES[signal]
    queue_name, batch_name = f"{prefix}_MAX_QUEUE_SIZE", f"{prefix}_MAX_EXPORT_BATCH_SIZE"
    queue = _whole_number(queue_name, _QUEUED)
    batch = _whole_number(batch_name, min(_BATCH, queue))
    if batch > queue:
        raise _not_allowed(batch_name, f"at most {queue_name}, which is {queue}")
    return BatchSettings(queue, batch, _whole_number(f"{prefix}_SCHEDULE_DELAY", _DELAY_MS[signal]))


def load_metric_interval() -> float:
    """The seconds between two exports of metrics. Raises ``SettingsError``."""
    return _whole_number(_METRIC_INTERVAL, _METRIC_INTERVAL_MS) / 1000


def load_sampling_ratio() -> float:
    """The share of traces that are exported, 1 by default. Raises ``SettingsError``.

    A ``parentbased_`` sampler equals the one without the prefix: only the "not sampled" of a parent is followed.
    """
    ratio = _SAMPLERS.get(_value(_SAMPLER).lower() or "parentbased_always_on")
    if ratio is None:
        raise _not_allowed(_SAMPLER, f"one of {', '.join(_SAMPLERS)}")
    if ratio != _RATIO_GIVEN:
        return ratio
    ratio = _number(_SAMPLER_ARGUMENT, default=1)
    if not 0 <= ratio <= 1:
        raise _not_allowed(_SAMPLER_ARGUMENT, "a number from 0 to 1")
    return ratio


def _is_enabled(signal: OtlpSignal) -> bool:
    endpoint = _first(_of(signal, "ENDPOINT"), _ENDPOINT)
    exporter = f"OTEL_{signal}_EXPORTER"
    chosen = _value(exporter).lower() or "otlp"
    if endpoint is None or chosen == "none":
        return False
    if chosen != "otlp":
        raise _not_allowed(exporter, "otlp or none")
    if not _is_address(_value(endpoint)):
        raise _not_allowed(endpoint, f"an address such as http://collector:4318; keys belong in {_HEADERS}")
    for headers in (_HEADERS, _of(signal, "HEADERS")):
        if not all("=" in header for header in _value(headers).split(",") if header.strip()):
            raise _not_allowed(headers, "name=value, separated by commas")  # the SDK would print the value
    protocol = _first(_of(signal, "PROTOCOL"), "OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol is not None:
        _check_choice(protocol, "http/protobuf")
    return True


def _check_sdk_variables() -> None:
    """Refuse the values of those variables that the SDK reads itself and would fail on or ignore."""
    for name in _WHOLE_NUMBERS:
        if not (_value(name) or "0").isdecimal():
            raise _not_allowed(name, "a whole number")
    for name in _of_each_signal("TIMEOUT"):
        if not 0 < _number(name, default=1) < inf:
            raise _not_allowed(name, "a number of seconds over 0")
    for name in _of_each_signal("COMPRESSION"):
        _check_choice(name, "none", "gzip", "deflate")


def _of(signal: OtlpSignal, name: str) -> str:
    return f"OTEL_EXPORTER_OTLP_{signal}_{name}"


def _of_each_signal(name: str) -> tuple[str, ...]:
    return (f"OTEL_EXPORTER_OTLP_{name}", *(_of(signal, name) for signal in OtlpSignal))


def _is_address(value: str) -> bool:
    """Whether it is the address of a collector, without parts that the library would log when it is unavailable."""
    try:
        address = urlsplit(value)
        _ = address.port  # raises for an invalid port
    except ValueError:
        return False
    bare = not (address.query or address.fragment or address.username or address.password)
    return bare and address.scheme in ("http", "https") and bool(address.hostname)


def _value(name: str) -> str:
    """An empty variable counts as unset, as the specification requires."""
    return os.environ.get(name, "").strip()


def _first(*names: str) -> str | None:
    return next((name for name in names if _value(name)), None)


def _check_choice(name: str, *choices: str) -> None:
    if (value := _value(name).lower()) and value not in choices:
        *most, last = choices
        raise _not_allowed(name, f"{', '.join(most)} or {last}" if most else last)


def _number(name: str, default: float) -> float:
    """The value as a number; NaN if it is none, for which every comparison is false."""
    try:
        return float(_value(name) or default)
    except ValueError:
        return nan


def _whole_number(name: str, default: int) -> int:
    value = _value(name) or str(default)
    if not value.isdecimal() or int(value) == 0:
        raise _not_allowed(name, "a whole number of at least 1")
    return int(value)


def _not_allowed(name: str, allowed: str) -> SettingsError:
    value = "..." if name.endswith(_MAY_CONTAIN_KEYS) else repr(os.environ[name])
    return SettingsError(f"{name}={value} is not allowed: it must be {allowed}.")
