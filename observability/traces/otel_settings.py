"""OpenTelemetry's own variables, as far as a wrong one would be found out too late or believed in silence.

The rest its SDK reads by itself. Nothing of the SDK is imported here: most services run without a collector.
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
_MAY_HOLD_KEYS = frozenset({_ENDPOINT, _TRACES_ENDPOINT, _HEADERS, _TRACES_HEADERS})
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
"""Of nearly a thousand streams that end together. A span takes under 1 kB."""
_BATCH_SPANS = 128
"""OpenTelemetry's own 512 keep the interpreter for 5 ms while they are encoded, and the event loop waiting."""
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


class Batching(Struct, frozen=True):
    """How spans are gathered before they are sent."""

    queue_spans: int
    """On their way at one time, at most."""
    batch_spans: int
    """In one request, at most."""
    delay_ms: int
    """Between two requests, unless there is a batch sooner."""


def adopt_dotenv(path: str = ".env") -> None:
    """Let OpenTelemetry find its variables in ``.env`` too: it reads the environment alone, which goes first."""
    for name, value in dotenv_values(path).items():
        if name.startswith("OTEL_") and value and not _value(name):
            os.environ[name] = value


def otlp_wanted() -> bool:
    """Whether a collector for traces is named. Raises ``SettingsError`` for one that cannot be served."""
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
            raise _not_allowed(headers, "name=value, separated by commas")  # or the SDK would print it
    protocol = _first(_TRACES_PROTOCOL, _PROTOCOL)
    if protocol is not None and _value(protocol).lower() != "http/protobuf":
        raise _not_allowed(protocol, "http/protobuf")
    return True


def check_variables_of_the_sdk() -> None:
    """Raises ``SettingsError`` for one that the SDK, which reads it by itself, would break on or pass over."""
    for name in _WHOLE_NUMBERS:
        if not (_value(name) or "0").isdecimal():
            raise _not_allowed(name, "a whole number")
    for name in _SECONDS:
        if not 0 < _number(name, default=1) < inf:
            raise _not_allowed(name, "a number of seconds over 0")
    for name in _COMPRESSIONS:
        if _value(name).lower() not in {"", "none", "gzip", "deflate"}:
            raise _not_allowed(name, "none, gzip or deflate")


def load_batching() -> Batching:
    """How spans are gathered. Raises ``SettingsError``."""
    queue = _whole_number(_QUEUE, _QUEUE_SPANS)
    batch = _whole_number(_BATCH, min(_BATCH_SPANS, queue))
    if batch > queue:
        raise _not_allowed(_BATCH, f"at most {_QUEUE}, which is {queue}")
    return Batching(queue, batch, _whole_number(_DELAY, _DELAY_MS))


def sampling_ratio() -> float:
    """The share of traces that are kept; all, if nothing is said. Raises ``SettingsError``.

    Each ``parentbased_`` sampler means the same as without: of a parent, only its "not sampled" is ever believed.
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
    """Of a collector, without anything that the library might quote when the collector is away."""
    try:
        address = urlsplit(value)
        _ = address.port  # raises for a port that cannot be
    except ValueError:
        return False
    bare = not (address.query or address.fragment or address.username or address.password)
    return bare and address.scheme in ("http", "https") and bool(address.hostname)


def _value(name: str) -> str:
    """An empty variable is as good as none, as the specification asks."""
    return os.environ.get(name, "").strip()


def _first(*names: str) -> str | None:
    return next((name for name in names if _value(name)), None)


def _number(name: str, default: float) -> float:
    """What no comparison holds for, if it is none."""
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
    value = "..." if name in _MAY_HOLD_KEYS else repr(os.environ[name])
    return SettingsError(f"{name}={value} is not allowed: it must be {allowed}.")
