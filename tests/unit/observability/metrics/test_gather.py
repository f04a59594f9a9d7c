"""Expositions of several workers are merged by family; a worker answers again when it has a descriptor for it."""

import errno
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from observability.metrics.exposition import exposition
from observability.metrics.gather import merge, serve
from tests.unit.observability.metrics.samples import OPENMETRICS

TEXT = "text/plain"
LABELS = st.lists(
    st.text(max_size=20) | st.sampled_from(["# HELP x y", "\n# EOF\n", "\n# HELP x y", '"} 1\n']), max_size=3
)


def of_worker(worker: int, labels: list[str], *, with_gauge: bool = True) -> CollectorRegistry:
    registry = CollectorRegistry()
    counter = Counter("requests", "Counts # HELP\nin two lines.", ["what", "worker"], registry=registry)
    for label in labels:
        counter.labels(label, str(worker)).inc(worker + 1, {"trace_id": f"{worker}"})
    if with_gauge:
        Gauge("connections", "Goes up.", ["worker"], registry=registry).labels(str(worker)).set(worker)
    Histogram("size_bytes", "Is spread.", ["worker"], unit="bytes", registry=registry).labels(str(worker)).observe(1)
    return registry


@pytest.mark.parametrize("accept", [TEXT, OPENMETRICS])
@given(st.lists(LABELS, min_size=1, max_size=3), st.booleans())
def test_each_family_is_there_once_with_the_samples_of_all(
    accept: str, workers: list[list[str]], first_has_gauge: bool
) -> None:
    registries = [
        of_worker(number, labels, with_gauge=first_has_gauge or number > 0) for number, labels in enumerate(workers)
    ]
    merged = merge([exposition(registry, accept)[0] for registry in registries])
    parse = parse_openmetrics if accept == OPENMETRICS else parse_text
    found = list(parse(merged.decode()))
    assert len({family.name for family in found}) == len(found)
    assert sorted(
        (sample.name, tuple(sorted(sample.labels.items())), sample.value, repr(sample.exemplar))
        for family in found
        for sample in family.samples
        if not sample.name.endswith("_created")
    ) == sorted(
        (sample.name, tuple(sorted(sample.labels.items())), sample.value, repr(sample.exemplar))
        for registry in registries
        for family in parse(exposition(registry, accept)[0].decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    )


def test_one_exposition_stays_as_it_is() -> None:
    for accept in (TEXT, OPENMETRICS):
        text, _ = exposition(of_worker(0, ["a"]), accept)
        assert merge([text]) == text


class Ended(BaseException):
    """Ends the thread of a worker that answers."""


class Listener:
    """Has no descriptor for the first that asks, and one for the second."""

    def __init__(self, asking: socket.socket) -> None:
        self._turns: Iterator[BaseException | socket.socket] = iter([OSError(errno.EMFILE, "no"), asking, Ended()])

    def accept(self) -> tuple[socket.socket, str]:
        turn = next(self._turns)
        if isinstance(turn, BaseException):
            raise turn
        return turn, ""


def test_a_worker_without_a_free_descriptor_answers_later(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    other, asking = socket.socketpair()
    with other:
        other.sendall(b"text/plain\n")
        with pytest.raises(Ended):
            serve(Listener(asking), str.encode)  # type: ignore[arg-type]
        assert other.recv(100) == len("text/plain").to_bytes(8) + b"text/plain"
    assert len(pauses) == 1
