"""The nodes of editors survive sanitising, and nothing that a framework would execute is among them."""

import re

import pytest

from service.content.html.elements import ELEMENTS
from service.content.html.nodes import NODES, EditorNode, data_attributes
from service.content.html.rule import WORD, one_of
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES

NO_LIMIT = 10**9

WRITTEN_BY_EDITORS = (
    # Tiptap
    '<p><span data-type="mention" data-id="Lea T" data-label="Lea" data-mention-suggestion-char="@">@Lea</span></p>',
    '<p><span data-type="emoji" data-name="smile">😄</span> <span data-type="emoji" data-name="+1">👍</span></p>',
    '<p>a <span data-type="inline-math" data-latex="x^2 &lt; \\frac{a}{b}"></span></p>',
    '<div data-type="block-math" data-latex="a \\\\ b"></div>',
    '<details class="details" open=""><summary>s</summary><div data-type="detailsContent"><p>x</p></div></details>',
    '<ul data-type="taskList"><li data-checked="true" data-type="taskItem"><div><p>x</p></div></li></ul>',
    '<mark data-color="#ffc078" style="background-color: #ffc078; color: inherit">x</mark>',
    '<p style="text-align: center">x</p>',
    '<pre><code class="language-javascript">x</code></pre>',
    '<table><tbody><tr><td colspan="1" rowspan="1" colwidth="200"><p>x</p></td></tr></tbody></table>',
    # Docmost, Outline
    '<div data-type="callout" data-callout-type="info" data-callout-icon="💡"><p>x</p></div>',
    '<span data-type="mention" data-entity-type="user" data-entity-id="019c" data-creator-id="b">x</span>',
    '<span data-type="mathInline" data-katex="true">$x$</span>',
    '<span class="mention" data-type="user" data-id="1-2" data-actorid="3">@x</span>',
    '<div class="notice-block info"><p>x</p></div>',
    # Quill
    '<p class="ql-align-center ql-indent-3 ql-direction-rtl">x<span class="ql-size-huge ql-font-serif">y</span></p>',
    '<ol><li data-list="bullet" class="ql-indent-1">x</li><li data-list="checked">y</li></ol>',
    '<div class="ql-code-block-container"><div class="ql-code-block" data-language="javascript">x</div></div>',
    '<pre data-language="plain">x</pre><span class="ql-formula" data-value="e=mc^2">x</span>',
    '<table><tbody><tr><td data-row="row-ab12">x</td></tr></tbody></table>',
    # Lexical, CKEditor, TinyMCE
    '<ul><li role="checkbox" aria-checked="false" value="1">x</li></ul><pre data-highlight-language="js">x</pre>',
    '<ul class="todo-list"><li><label class="todo-list__label"><input type="checkbox" disabled="">x</label></li></ul>',
    '<p><span class="mention" data-mention="@Ann">@Ann</span><mark class="marker-yellow">x</mark></p>',
    '<details class="mce-accordion"><summary class="mce-accordion-summary">x</summary><p>y</p></details>',
    # BlockNote, GitHub
    '<p data-text-color="red" data-text-alignment="left">x</p>',
    '<p><span data-style-type="textColor" data-value="red">y</span></p>',
    '<div class="markdown-alert markdown-alert-note"><p class="markdown-alert-title">Note</p></div>',
)
INSTRUCTIONS = re.compile(
    r"data-(?:action|ajax|bind|bs-|click|confirm|controller|dismiss|form|hook|hx|href|html|method|ng|on|params|pjax"
    r"|reflex|remote|ride|src|srcset|target|template|toggle|trigger|trix|turbo|turbolinks|url|v-|with|x-).*"
)


@pytest.mark.parametrize("html", WRITTEN_BY_EDITORS)
def test_what_an_editor_writes_is_unchanged(html: str) -> None:
    sanitised = sanitise_html(html, DEFAULT_RULES, NO_LIMIT)
    assert (sanitised.html, sanitised.removed) == (html, {})


@pytest.mark.parametrize("node", NODES)
def test_each_node_is_of_known_elements_and_no_framework_executes_its_attributes(node: EditorNode) -> None:
    assert set(node.elements.split()) <= ELEMENTS
    for attribute in node.attributes:
        assert re.fullmatch(r"data-[a-z]+(?:-[a-z]+)*|role|aria-checked", attribute)
        assert not INSTRUCTIONS.fullmatch(attribute)


@pytest.mark.parametrize(
    "attributes",
    [
        "data-bind='html: x' data-ng-bind=x data-toggle=tooltip data-target='#x' data-action='click->x#y'",
        "data-controller=x data-method=delete data-remote=true data-confirm=x data-turbo-method=x data-turbo=false",
        "hx-get=/x hx-on:click=x data-hx-get=/x x-data=x x-init=x v-html=x v-on:click=x ng-click=x @click=x :a=x #b",
        "is=x-y slot=x part=x exportparts=x itemscope itemtype=x accesskey=x tabindex=0 contenteditable popover inert",
        "data-src=//x data-url=//x data-href=//x data-lazy-src=//x data-trix-attachment={} data-pm-slice='0 0 []'",
        "data-type=x data-type-x=y data-latex='\\href{//x}{y}' data-id='a:b' data-label='{{x}}' role=button",
    ],
)
def test_instructions_to_frameworks_are_removed(attributes: str) -> None:
    for element in ("span", "div", "a", "li", "details", "td", "mark", "pre"):
        html = f"<{element} {attributes}>a</{element}>"
        if element == "td":
            html = f"<table><tr>{html}</table>"
        assert "=" not in sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [
        ('class="ql-formula"', True),
        ('data-type="math_inline"', True),
        ('class="mention"', False),
        ('class="mention ql-formula" data-type="math_inline"', False),
        ('data-denotation-char="@"', False),
        ('data-style-type="textColor"', False),
    ],
)
def test_the_value_of_a_mention_is_no_markup(attributes: str, is_kept: bool) -> None:
    html = f'<span {attributes} data-value="a &lt; \\frac{{b}}{{c}} &gt; d">a</span>'
    expected = html if is_kept else f"<span {attributes}>a</span>"
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected
    as_block = expected.replace("span", "div").replace(' data-denotation-char="@"', "")
    if "math" not in attributes and "style" not in attributes:
        assert sanitise_html(html.replace("span", "div"), DEFAULT_RULES, NO_LIMIT).html == as_block


def test_an_attribute_of_several_nodes_has_the_rules_of_all() -> None:
    first = EditorNode("", "p li", {"data-type": one_of("a"), "data-x": WORD}, "")
    second = EditorNode("", "li", {"data-type": one_of("b"), "data-x": WORD}, "")
    rules = data_attributes([first, second])
    assert rules["li"]["data-x"] is WORD
    assert [rules["li"]["data-type"].matches(value) for value in ("a", "b", "c")] == [True, True, False]
    assert [rules["p"]["data-type"].matches(value) for value in ("a", "b")] == [True, False]
