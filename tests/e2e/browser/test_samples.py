"""Every sample ends in the document that its whole content makes at once."""

from contextlib import ExitStack
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from service.protocol.messages import ContentType, HtmlMode
from tests.conftest import RunningServer
from tests.e2e.browser.samples import NAMED, SAMPLES, stream_at_once
from tests.e2e.browser.visit import Node, Visit, open_visit


class Outcome(NamedTuple):
    streamed: list[Node]
    at_once: list[Node]
    faults: list[str]
    estimated_ms: int
    timings: list[str]


Outcomes = dict[tuple[str, HtmlMode], Outcome]

AT_A_TIME = 7
"""Pages that stream at the same time: each is paced, so it is idle most of the time."""


@pytest.fixture(scope="module")
def outcomes(browser: Browser, server: RunningServer) -> Outcomes:
    """The result of each sample in each mode, streamed by its button."""
    cases = [(sample.name, mode) for mode in HtmlMode for sample in SAMPLES]
    found: Outcomes = {}
    with ExitStack() as open_pages:
        visits = [open_pages.enter_context(open_visit(browser, server)) for _ in range(AT_A_TIME)]
        for first in range(0, len(cases), AT_A_TIME):
            beside = list(zip(visits, cases[first : first + AT_A_TIME], strict=False))
            for visit, (name, mode) in beside:
                visit.faults.clear()
                visit.timings.clear()
                visit.choose(html_mode=mode)
                visit.button(name).click()
            for visit, (name, mode) in beside:
                visit.is_complete()
                found[name, mode] = outcome(visit, name, mode)
    return found


def outcome(visit: Visit, name: str, mode: HtmlMode) -> Outcome:
    streamed = visit.content()
    return Outcome(
        streamed,
        at_once(visit, name, mode),
        list(visit.faults),
        visit.start()["metadata"]["estimated_duration_ms"],
        list(visit.timings),
    )


def at_once(visit: Visit, name: str, mode: HtmlMode) -> list[Node]:
    sample = NAMED[name]
    if sample.content_type is ContentType.TEXT:
        return [{"type": "paragraph", "attrs": {"textAlign": None}, "content": lines(sample.content)}]
    html = stream_at_once(sample.content, sample.content_type, mode)
    return visit.set_at_once(html, whole_space=mode is HtmlMode.FRAGMENT)


def lines(text: str) -> list[Node]:
    """Text becomes text nodes, whatever it contains, with a line break after each line but the last."""
    nodes: list[Node] = []
    for line in text.split("\n"):
        nodes += [{"type": "hardBreak"}, *([{"type": "text", "text": line}] if line else [])]
    return nodes[1:]


@pytest.mark.parametrize("mode", HtmlMode)
@pytest.mark.parametrize("name", NAMED)
def test_a_streamed_sample_equals_its_document(outcomes: Outcomes, name: str, mode: HtmlMode) -> None:
    seen = outcomes[name, mode]
    assert seen.streamed == seen.at_once
    assert seen.faults == []


@pytest.mark.parametrize("mode", HtmlMode)
def test_the_plain_text_is_planned_for_a_second_and_the_largest_sample_for_two_to_three(
    outcomes: Outcomes, mode: HtmlMode
) -> None:
    assert 900 <= outcomes["Plain Text", mode].estimated_ms <= 1200
    assert 2000 <= outcomes["MEGA Complex HTML", mode].estimated_ms <= 3000


def test_the_console_has_the_times_of_a_stream(outcomes: Outcomes) -> None:
    lines = outcomes["HTML", HtmlMode.INCREMENTAL].timings
    assert all(line.startswith("[HTML] +") and " ms  " in line for line in lines)
    lines_of_stream = [line.partition(" ms  ")[2] for line in lines]
    assert lines_of_stream[0] == "request: html, superfast, by word, incremental"
    assert "first chunk" in lines_of_stream
    assert any(line.startswith("prepared in ") and "trace " in line for line in lines_of_stream)
    assert lines_of_stream[-1].startswith("87 chunks; gaps: ")


def test_there_is_one_button_for_each_sample(visit: Visit) -> None:
    expect(visit.page.locator("#samples button")).to_have_text([*NAMED, "Live"])
