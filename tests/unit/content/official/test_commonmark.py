"""The examples of the CommonMark 0.31.2 specification, without and with the extensions of the service."""

import re

import pyromark
import pytest

from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.markdown.render import HtmlRenderer
from service.content.rules import DEFAULT_RULES
from tests.conftest import PROJECT
from tests.unit.content.reader import dangers

NO_LIMIT = 10**9

_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL)

EXAMPLES = 652

OTHERWISE = {
    "a tag in a line that is not of the policy is shown": {491, 524, 536, 613, 614, 615, 617, 623},
    "instructions, declarations and CDATA in a line are shown": {627, 628, 629},
    "a tag at the start of a line that HTML does not have is shown": {163, 201},
    "an address without brackets is a link: GitHub's extension": {602, 606, 608, 611, 612},
}
"""The examples with another result in the configuration of the service, by number, and the reason."""


@pytest.fixture(scope="module")
def examples() -> dict[int, tuple[str, str]]:
    """Markdown and its HTML, by the number of the example."""
    text = (PROJECT / "tests/e2e/node/node_modules/commonmark-spec/spec.txt").read_text()
    pairs = _EXAMPLE.findall(text.replace("→", "\t"))
    return {number: (markdown, html) for number, (markdown, html) in enumerate(pairs, 1)}


def test_without_extensions_every_example_has_the_specified_result(examples: dict[int, tuple[str, str]]) -> None:
    for markdown, html in examples.values():
        assert HtmlRenderer().render(pyromark.events(markdown)) == html


def test_every_example_except_the_listed_ones_has_the_specified_result(examples: dict[int, tuple[str, str]]) -> None:
    assert len(examples) == EXAMPLES
    otherwise = {number for number, (markdown, html) in examples.items() if markdown_to_html(markdown) != html}
    assert otherwise == set().union(*OTHERWISE.values())


def test_every_example_is_safe_and_stable_after_sanitising(examples: dict[int, tuple[str, str]]) -> None:
    for markdown, _ in examples.values():
        html = sanitise_html(markdown_to_html(markdown), DEFAULT_RULES, NO_LIMIT).html
        assert dangers(html) == []
        assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html
