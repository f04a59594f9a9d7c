"""The export of log lines, without a service around it."""

import pytest

from observability.logs.log_export import LogExport
from observability.otlp.resource import create_resource
from observability.registry.log_types import LogLevel
from tests.backends.otlp import OtlpReceiver
from tests.waiting import LIMIT_SECONDS


def test_every_text_can_be_encoded_and_a_long_traceback_is_shortened_at_its_beginning(
    monkeypatch: pytest.MonkeyPatch, otlp: OtlpReceiver
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", f"{otlp.endpoint}/v1/logs")
    lost: list[int] = []
    export = LogExport(create_resource({}), lost.append)
    fields = {
        "event": "library_message",
        "logger": "half \ud83d of a pair",
        "exception": "x" * 5000 + "the end",
        "removed": {"style": 2},
        "nothing": None,
        "sampled": True,
    }
    export.write(LogLevel.WARNING, "É \ud83d", fields)
    export.close(LIMIT_SECONDS)
    [record] = otlp.lines
    assert (record.body, record.attributes["logger"]) == ("É \\ud83d", "half \\ud83d of a pair")
    assert record.attributes["exception"] == "[911 characters] ... " + "x" * 4089 + "the end"
    assert (record.attributes["removed"], record.attributes["nothing"]) == ({"style": 2}, "None")
    assert record.attributes["sampled"] is True
    assert lost == []
