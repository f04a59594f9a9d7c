"""Classes: those of the tables, and no others."""

import re

from service.content.html.classes import OF_CODE, OF_EDITORS, PREFIXES, class_rule

COVERS_A_PAGE = (
    "fixed",
    "absolute",
    "inset-0",
    "sticky",
    "modal",
    "show",
    "d-block",
    "btn",
    "z-50",
    "ql-tooltip",
    "ql-ui",
)
RUNS = (
    "mermaid",
    "math",
    "tex2jax_process",
    "js-toggle",
    "htmx-request",
    "alpine",
    "prism",
    "g-recaptcha",
    "twitter-tweet",
)


def test_each_class_is_a_plain_name_and_in_one_row() -> None:
    classes = [name for group in OF_EDITORS.values() for name in group]
    assert len(classes) == len(set(classes))
    assert all(re.fullmatch(r"[a-z][a-z0-9_\-]*", name) for name in classes)


def test_a_policy_allows_the_classes_of_code_and_those_of_its_groups() -> None:
    editor, page = class_rule("", *OF_EDITORS.values()), class_rule("")
    for name in (*OF_CODE, *(f"{prefix}x" for prefix in PREFIXES), "language-c++", "language-objective-c"):
        assert editor.matches(name)
        assert page.matches(name)
    for name in frozenset().union(*OF_EDITORS.values()):
        assert editor.matches(name)
        assert not page.matches(name)


def test_no_class_by_which_a_page_is_styled_or_a_library_runs_is_allowed() -> None:
    editor = class_rule("", *OF_EDITORS.values())
    for name in (*COVERS_A_PAGE, *RUNS, "language-", "language-a\u00e9", "hljs-" + "x" * 41, "mention ", "Mention"):
        assert not editor.matches(name)
