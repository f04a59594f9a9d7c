"""The program behind ``make chaos``: it shows what it did, and its exit status tells whether all was exact."""

import re
from collections.abc import Callable

import pytest

from tests.e2e.chaos.__main__ import main
from tests.e2e.chaos.account import Account
from tests.integration.instances.client import Reception

DIGEST = Reception({}, parts=["one ", "two"]).digest


def received(**differences: object) -> Reception:
    """A stream that broke off once, and of which nothing is missing but what is said."""
    return Reception(
        **{
            "request": {},
            "parts": ["one ", "two"],
            "end": {"type": "stream_complete"},
            "breaks": 1,
            "gaps": [0.02],
        }
        | differences  # type: ignore[arg-type]
    )


def account(*receptions: Reception, asked: int = 1, used: int = 1) -> Account:
    whole = Account(kills=1)
    for reception in receptions:
        whole.add(reception, DIGEST)
    whole.add_session(asked=asked, used=used)
    return whole


def test_whoever_has_all_of_it_once_and_paid_once_has_lost_nothing() -> None:
    assert account(received()).spotless


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda: account(received(parts=["one ", "three"])),
        lambda: account(received(end={"type": "error"})),
        lambda: account(received(lost=1)),
        lambda: account(received(double=1)),
        lambda: account(received(), used=2),
        lambda: account(received(breaks=0)),
        account,
    ],
    ids=["other content", "no end", "lost", "double", "charged twice", "nothing broken", "no stream"],
)
def test_anything_else_is_told(spoilt: Callable[[], Account]) -> None:
    assert not spoilt().spotless


def test_a_short_run_ends_well_and_shows_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kills", "2", "--clients", "4"]) == 0
    figures = dict(re.findall(r"^(.+?)  +(\S.*)$", capsys.readouterr().out, re.MULTILINE))
    assert (figures["kills"], figures["lost"], figures["double"], figures["charged once"]) == ("2", "0", "0", "4 of 4")
    assert figures["exact"] == figures["streams"]
    assert all(figures[f"gap {which}"].endswith(" ms") for which in ("p50", "p95", "max"))
