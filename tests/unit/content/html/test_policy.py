"""The two policies."""

import re

import pytest
from hypothesis import given

from service.content.html.elements import ELEMENTS
from service.content.html.policy import EDITOR, PAGE, POLICIES, Policy, PolicyName
from service.content.html.rule import Pattern, Value
from service.content.html.sanitise import sanitise_html
from service.content.rules import ContentRules
from tests.unit.content.documents import documents, soups

NO_LIMIT = 10**9
ON_PAGE = ContentRules(policy=PAGE)


def test_each_name_has_its_policy() -> None:
    assert {name: policy.name for name, policy in POLICIES.items()} == {name: name for name in PolicyName}


@pytest.mark.parametrize("policy", POLICIES.values())
def test_a_policy_has_no_attribute_that_runs_names_or_loads(policy: Policy) -> None:
    assert set(policy.attributes) <= ELEMENTS | {"*"}
    attributes = {name for rules in policy.attributes.values() for name in rules}
    assert not [name for name in attributes if name.startswith(("on", "hx-", "x-", "v-", "ng-"))]
    assert not attributes & {
        "id",
        "name",
        "is",
        "slot",
        "part",
        "srcset",
        "background",
        "poster",
        "action",
        "formaction",
    }
    loads = {name for rules in policy.attributes.values() for name, rule in rules.items() if rule is Value.IMAGE}
    assert loads == {"src"}


def test_the_policy_of_a_page_is_the_stricter_one() -> None:
    assert PAGE.elements <= EDITOR.elements
    assert PAGE.styles < EDITOR.styles
    for element, rules in PAGE.attributes.items():
        assert rules.keys() <= EDITOR.attributes[element].keys()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><span data-type="mention" data-id="1" class="mention">@a</span></p>', "<p>@a</p>"),
        ('<p class="ql-align-center language-py" title="t">a</p>', '<p class="language-py" title="t">a</p>'),
        ('<p style="margin: 1px; text-align: center; width: 2px">a</p>', '<p style="text-align: center">a</p>'),
        ('<p style="margin: 1px">a</p>', "<p>a</p>"),
        ('<ul data-type="taskList"><li data-type="taskItem" data-checked="true">a</li></ul>', None),
        ('<pre><code class="language-py">a</code></pre><img src="/a" alt="b">', None),
        ('<p style="color: red; text-align: left;">a</p>', None),
        ('<table><tbody><tr><td colspan="2" colwidth="1">a</td></tr></tbody></table>', ""),
    ],
)
def test_a_page_keeps_less_than_an_editor(html: str, expected: str | None) -> None:
    if expected == "":
        expected = html.replace(' colwidth="1"', "")
    assert sanitise_html(html, ON_PAGE, NO_LIMIT).html == (html if expected is None else expected)


@given(documents | soups)
def test_what_is_sanitised_for_a_page_is_stable_and_has_only_its_attributes(html: str) -> None:
    page = sanitise_html(html, ON_PAGE, NO_LIMIT).html
    again = sanitise_html(page, ON_PAGE, NO_LIMIT)
    assert (again.html, again.removed) == (page, {})
    assert sanitise_html(page, ContentRules(), NO_LIMIT).html == page
    for tag in re.findall(r"<[a-z][^>]*>", page):
        element, *attributes = re.findall(r"<([a-z0-9]+)|\s([a-z\-]+)=", tag)
        for _, name in attributes:
            assert PAGE.rule(element[0], name) is not None


def test_a_rule_is_that_of_the_element_or_of_every_element() -> None:
    assert EDITOR.rule("a", "href") is Value.LINK
    assert EDITOR.rule("a", "class") is EDITOR.rule("p", "class") is Value.CLASSES
    assert isinstance(EDITOR.rule("span", "data-type"), Pattern)
    assert EDITOR.rule("p", "href") is None
    assert EDITOR.rule("script", "class") is None
