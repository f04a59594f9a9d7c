"""The program behind ``make chaos``: it prints its figures, and its exit status is 0 if every stream was exact."""

import re
from collections.abc import Callable

import pytest

from tests.clients.recovering import CountedStream
from tests.e2e.chaos.__main__ import main
from tests.e2e.chaos.account import Account


def received(*parts: str, end: str = "stream_complete", **counts: int) -> CountedStream:
    """A stream of these chunks that broke once; ``counts`` replaces what was counted."""
    stream = CountedStream(content="")
    for index, part in enumerate(parts or ("one ", "two")):
        stream.take({"type": "chunk", "index": index, "data": part}, 0.0)
    stream.take({"type": end}, 0.0)
    stream.breaks = 1
    stream.gaps = [0.02]
    for name, count in counts.items():
        setattr(stream, name, count)
    return stream


DIGEST = received().digest


def account(*streams: CountedStream, requested: int = 1, used: int = 1) -> Account:
    whole = Account(kills=1)
    for stream in streams:
        whole.add(stream, DIGEST)
    whole.add_session(requested=requested, used=used)
    return whole


def test_complete_streams_that_were_charged_once_are_spotless() -> None:
    assert account(received()).spotless


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda: account(received("one ", "three")),
        lambda: account(received(end="error")),
        lambda: account(received(lost=1)),
        lambda: account(received(double=1)),
        lambda: account(received(), used=2),
        lambda: account(received(breaks=0)),
        account,
    ],
    ids=["other content", "no end", "lost", "double", "charged twice", "nothing broken", "no stream"],
)
def test_any_loss_repetition_or_double_charge_is_not_spotless(spoilt: Callable[[], Account]) -> None:
    assert not spoilt().spotless


def test_a_short_run_succeeds_and_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kills", "2", "--clients", "4"]) == 0
    figures = dict(re.findall(r"^(.+?)  +(\S.*)$", capsys.readouterr().out, re.MULTILINE))
    assert (figures["kills"], figures["lost"], figures["double"], figures["charged once"]) == ("2", "0", "0", "4 of 4")
    assert figures["exact"] == figures["streams"]
    assert all(figures[f"gap {which}"].endswith(" ms") for which in ("p50", "p95", "max"))
