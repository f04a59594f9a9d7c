"""The variables of OpenTelemetry: which signals they enable, and what is refused."""

import os
from pathlib import Path

import pytest

from observability.otlp.otel_settings import enabled_signals, load_dotenv_variables
from observability.telemetry import check_telemetry_settings
from service.settings import SettingsError

CANARY = "canary-4711"
ADDRESS = "an address such as http://collector:4318; keys belong in OTEL_EXPORTER_OTLP_HEADERS"


@pytest.fixture(autouse=True)
def _without_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "enabled"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "TRACES METRICS LOGS"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, "METRICS LOGS"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_METRICS_EXPORTER": "None"}, "TRACES LOGS"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, "TRACES"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://collector:4318/v1/metrics"}, "METRICS"),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://collector/x", "OTEL_LOGS_EXPORTER": "otlp"}, "LOGS"),
    ],
)
def test_the_endpoints_and_exporters_select_the_signals(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], enabled: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert enabled_signals() == set(enabled.split())


@pytest.mark.parametrize(
    ("variables", "wrong", "allowed"),
    [
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            ADDRESS,
        ),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://"},
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            ADDRESS,
        ),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/protobuf",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "console"},
            "OTEL_TRACES_EXPORTER",
            "otlp or none",
        ),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, "OTEL_METRICS_EXPORTER", "otlp or none"),
        ({"OTEL_LOGS_EXPORTER": "console"}, "OTEL_LOGS_EXPORTER", "otlp or none"),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "loki:3100"}, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", ADDRESS),
        ({"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "15s"}, "OTEL_METRIC_EXPORT_INTERVAL", "a whole number of at least 1"),
        ({"OTEL_BLRP_MAX_QUEUE_SIZE": "0"}, "OTEL_BLRP_MAX_QUEUE_SIZE", "a whole number of at least 1"),
        (
            {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"},
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "cumulative",
        ),
        (
            {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram"},
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "explicit_bucket_histogram",
        ),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "many"}, "OTEL_BSP_MAX_QUEUE_SIZE", "a whole number of at least 1"),
        ({"OTEL_BSP_EXPORT_TIMEOUT": "soon"}, "OTEL_BSP_EXPORT_TIMEOUT", "a whole number"),
        ({"OTEL_SPAN_EVENT_COUNT_LIMIT": "-1"}, "OTEL_SPAN_EVENT_COUNT_LIMIT", "a whole number"),
        ({"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1e3"}, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "a whole number"),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "nan"}, "OTEL_EXPORTER_OTLP_TIMEOUT", "a number of seconds over 0"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "10s"},
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "a number of seconds over 0",
        ),
        ({"OTEL_EXPORTER_OTLP_COMPRESSION": "zip"}, "OTEL_EXPORTER_OTLP_COMPRESSION", "none, gzip or deflate"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "0"}, "OTEL_BSP_SCHEDULE_DELAY", "a whole number of at least 1"),
        (
            {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "11"},
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "at most OTEL_BSP_MAX_QUEUE_SIZE, which is 10",
        ),
    ],
)
def test_an_invalid_variable_prevents_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], wrong: str, allowed: str
) -> None:
    monkeypatch.chdir(tmp_path)  # without .env
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        check_telemetry_settings()
    shown = "..." if allowed is ADDRESS else repr(variables[wrong])
    assert str(caught.value) == f"{wrong}={shown} is not allowed: it must be {allowed}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{CANARY}:{CANARY}@collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://collector:4318/?key={CANARY}"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"http://collector:{CANARY}"),
        ("OTEL_EXPORTER_OTLP_HEADERS", f"authorization: {CANARY}"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", f"a=1,Bearer {CANARY}"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", f"Bearer {CANARY}"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", f"http://{CANARY}@collector"),
    ],
)
def test_a_misplaced_key_is_refused_and_not_quoted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        enabled_signals()
    assert str(caught.value).startswith(f"{name}=... is not allowed: it must be ")
    assert CANARY not in str(caught.value)


def test_variables_are_read_from_dotenv_after_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "of the environment")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "")
    dotenv = tmp_path / ".env"
    dotenv.write_text("OTEL_SERVICE_NAME=x\nOTEL_TRACES_SAMPLER=always_off\nOTEL_SDK_DISABLED=\nNOT_OTELS=1\n")
    before = dict(os.environ)
    load_dotenv_variables(str(dotenv))
    assert dict(os.environ) == before | {"OTEL_TRACES_SAMPLER": "always_off"}
