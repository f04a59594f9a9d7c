"""What was read about the service: log lines, series of metrics, spans and alerts. Pure."""

from service.cli.explain.evidence.alerts import Alert
from service.cli.explain.evidence.log_lines import LogLine
from service.cli.explain.evidence.measurements import Measurements, Series
from service.cli.explain.evidence.period import Period
from service.cli.explain.evidence.readings import Evidence
from service.cli.explain.evidence.span_lines import Span

__all__ = ["Alert", "Evidence", "LogLine", "Measurements", "Period", "Series", "Span"]
