"""The metrics of one process without Prometheus: ``/metrics``, sampled twice, or files of it."""

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import Series
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather
from service.cli.explain.sources.http_source import Server

PAUSE_SECONDS = 5.0
"""Between the two samples of an address: its increases are those of this time."""

_Points = dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[float, float]]]


def read_metrics_address(server: Server, pause_seconds: float = PAUSE_SECONDS) -> Gathered:
    """Two samples of an address."""
    points: _Points = defaultdict(list)

    def read(found: Gathered) -> str:
        for number in range(2):
            if number:
                time.sleep(pause_seconds)
            text = server.get(accept="text/plain;version=0.0.4").decode(errors="replace")
            _add(points, text, time.time(), server.name)
        found.series = _series(points)
        return f"{counted(len(found.series), 'series', 'series')}, two samples in {pause_seconds:g} s"

    return gather(f"metrics {server.name}", read, live=True)


def read_metrics_files(paths: Iterable[str]) -> list[Gathered]:
    """Files of one process; several are samples at the times at which they were written."""
    points: _Points = defaultdict(list)
    found = []
    for path in sorted(paths, key=_written):

        def read(_found: Gathered, path: str = path) -> str:
            try:
                text = Path(path).read_text(errors="replace")
            except OSError as error:
                raise Unreachable(str(error.strerror)) from error
            _add(points, text, _written(path), "")
            return "one sample"

        found.append(gather(f"metrics {path}", read, live=False))
    if whole := [one for one in found if not one.failure]:
        whole[-1].series = _series(points)
    return found


def _series(points: _Points) -> list[Series]:
    return [Series(name, dict(labels), tuple(values)) for (name, labels), values in points.items()]


def _add(points: _Points, text: str, at: float, instance: str) -> None:
    """All of the text, or nothing of it if it is not that of the service."""
    try:
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    except (ValueError, KeyError, IndexError) as error:
        raise Unreachable("the text is not in the format of Prometheus: is this the right address?") from error
    if not any(sample.name == "stream_build_info" for sample in samples):
        raise Unreachable("it has no metrics of the service: is this the right address?")
    for sample in samples:
        labels = sample.labels | ({"instance": instance} if instance else {})
        points[sample.name, tuple(sorted(labels.items()))].append((at, float(sample.value)))


def _written(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
