"""Validation of those OpenTelemetry variables whose errors the SDK would report too late or ignore.

The SDK reads the others itself. Nothing of the SDK is imported here: most services run without a collector.
"""

import os
from math import inf, nan
from urllib.parse import urlsplit

from dotenv import dotenv_values
from msgspec import Struct

from service.settings import SettingsError

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_TRACES_HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
_MAY_CONTAIN_KEYS = frozenset({_ENDPOINT, _TRACES_ENDPOINT, _HEADERS, _TRACES_HEADERS})
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
_TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
_EXPORTER = "OTEL_TRACES_EXPORTER"
_DISABLED = "OTEL_SDK_DISABLED"
_QUEUE = "OTEL_BSP_MAX_QUEUE_SIZE"
_BATCH = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
_DELAY = "OTEL_BSP_SCHEDULE_DELAY"
_WHOLE_NUMBERS = (
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
)
_SECONDS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
_COMPRESSIONS = ("OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION")
_SAMPLER = "OTEL_TRACES_SAMPLER"
_SAMPLER_ARGUMENT = "OTEL_TRACES_SAMPLER_ARG"

_QUEUE_SPANS = 8192
"""The spans of nearly a thousand streams that end together. A span takes less than 1 kB."""
_BATCH_SPANS = 128
"""Encoding the 512 of OpenTelemetry's default holds the interpreter, and so the event loop, for 5 ms."""
_DELAY_MS = 5000

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
    """How spans are batched before export."""

    queue_spans: int
    """Maximum number of spans that wait for export."""
    batch_spans: int
    """Maximum number of spans in one request."""
    delay_ms: int
    """Between two requests, unless a batch is full earlier."""


def load_dotenv_variables(path: str = ".env") -> None:
    """Copy unset OpenTelemetry variables from ``.env`` into the environment, which is all that the SDK reads."""
    for name, value in dotenv_values(path).items():
        if name.startswith("OTEL_") and value and not _value(name):
            os.environ[name] = value


def otlp_enabled() -> bool:
    """Whether a collector for traces is configured. Raises ``SettingsError`` for one that is not supported."""
    endpoint = _first(_TRACES_ENDPOINT, _ENDPOINT)
    exporter = _value(_EXPORTER).lower() or "otlp"
    if endpoint is None or exporter == "none" or _value(_DISABLED).lower() == "true":
        return False
    if exporter != "otlp":
        raise _not_allowed(_EXPORTER, "otlp or none")
    if not _is_address(_value(endpoint)):
        raise _not_allowed(endpoint, f"an address such as http://collector:4318; keys belong in {_HEADERS}")
    for headers in (_HEADERS, _TRACES_HEADERS):
        if not all("=" in header for header in _value(headers).split(",") if header.strip()):
            raise _not_allowed(headers, "name=value, separated by commas")  # the SDK would print the value
    protocol = _first(_TRACES_PROTOCOL, _PROTOCOL)
    if protocol is not None and _value(protocol).lower() != "http/protobuf":
        raise _not_allowed(protocol, "http/protobuf")
    return True


def check_sdk_variables() -> None:
    """Raises ``SettingsError`` for a variable that the SDK reads itself and would fail on or ignore."""
    for name in _WHOLE_NUMBERS:
        if not (_value(name) or "0").isdecimal():
            raise _not_allowed(name, "a whole number")
    for name in _SECONDS:
        if not 0 < _number(name, default=1) < inf:
            raise _not_allowed(name, "a number of seconds over 0")
    for name in _COMPRESSIONS:
        if _value(name).lower() not in {"", "none", "gzip", "deflate"}:
            raise _not_allowed(name, "none, gzip or deflate")


def load_batch_settings() -> BatchSettings:
    """Raises ``SettingsError``."""
    queue = _whole_number(_QUEUE, _QUEUE_SPANS)
    batch = _whole_number(_BATCH, min(_BATCH_SPANS, queue))
    if batch > queue:
        raise _not_allowed(_BATCH, f"at most {_QUEUE}, which is {queue}")
    return BatchSettings(queue, batch, _whole_number(_DELAY, _DELAY_MS))


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
    value = "..." if name in _MAY_CONTAIN_KEYS else repr(os.environ[name])
    return SettingsError(f"{name}={value} is not allowed: it must be {allowed}.")
