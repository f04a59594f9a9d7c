"""The classes that content may have: those that describe content, not those by which a page could be styled."""

import re
from collections.abc import Mapping

from service.content.html.elements import names
from service.content.html.rule import Pattern

_PREFIXED = re.compile(r"(?:language|lang|hljs)-[A-Za-z0-9_+#.\-]{1,40}")
PREFIXES = ("language-", "lang-", "hljs-")
"""Of classes of code: one of these, then a word."""


def _each(prefix: str, *words: str) -> frozenset[str]:
    return frozenset(f"{prefix}{word}" for word in names(*words))


OF_CODE = names("hljs")
OF_EDITORS: Mapping[str, frozenset[str]] = {
    "task lists": names("contains-task-list task-list-item task-list-item-checkbox"),
    "Quill": (
        _each("ql-align-", "center right justify")
        | _each("ql-indent-", "1 2 3 4 5 6 7 8 9")
        | _each("ql-size-", "small large huge")
        | _each("ql-font-", "serif monospace")
        | _each("ql-color-", "black white red orange yellow green blue purple")
        | _each("ql-bg-", "black white red orange yellow green blue purple")
        | _each("ql-", "direction-rtl syntax code-block code-block-container formula")
    ),
    "CKEditor": (
        _each("text-", "tiny small big huge")
        | _each("marker-", "yellow green pink blue")
        | _each("pen-", "red green")
        | _each("image-style-", "align-left align-right align-center block-align-left block-align-right side")
        | names("image image-inline image_resized table page-break math-tex")
        | names("todo-list todo-list__label todo-list__label__description")
    ),
    "TinyMCE": names(
        "mce-accordion mce-accordion-summary mce-accordion-body mce-pagebreak tox-checklist tox-checklist--checked"
    ),
    "Tiptap and others on it": names("mention callout details"),
    "Outline": names("notice-block info tip success warning"),
    "GitHub, Docusaurus": (
        _each("markdown-alert-", "title note tip important warning caution")
        | names("markdown-alert admonition footnotes footnote-ref footnote-backref")
    ),
}
"""Classes by the editor that writes them."""


def class_rule(words: str, *groups: frozenset[str]) -> Pattern:
    """Return the rule for one class: of code, or in one of ``groups``."""
    allowed = sorted(OF_CODE.union(*groups), reverse=True)
    return Pattern(words, re.compile("|".join((_PREFIXED.pattern, *map(re.escape, allowed)))))
