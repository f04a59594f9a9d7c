"""Markdown of the specifications, of attacks, and of real documents that are on every machine with this project."""

import re
from functools import cache
from importlib.metadata import distributions

from hypothesis import strategies as st

from tests.conftest import PROJECT
from tests.unit.content.attacks import ATTACKS
from tests.unit.content.documents import markdowns, pure_markdowns, texts
from tests.unit.content.official import test_gfm

_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)
_SPECIFICATION = "tests/e2e/node/node_modules/commonmark-spec/spec.txt"


@cache
def examples() -> list[str]:
    """The examples of CommonMark and of GitHub's extensions."""
    text = (PROJECT / _SPECIFICATION).read_text().replace("→", "\t")
    return [
        *_EXAMPLE.findall(text),
        *(markdown for markdown, _ in test_gfm.EXAMPLES.values()),
        *test_gfm.TASKS.values(),
    ]


@cache
def attacks() -> list[str]:
    return [attack for kind in ATTACKS.values() for attack in kind]


@cache
def real_documents() -> list[str]:
    """The documents of this project, and those of installed packages that are Markdown."""
    own = [path.read_text() for path in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])]
    of_packages = sorted(
        {
            str(distribution.metadata.json["description"])
            for distribution in distributions()
            if "markdown" in (distribution.metadata["Description-Content-Type"] or "")
        }
    )
    return [document for document in own + of_packages if document.strip()]


ANSWERS = sorted((PROJECT / "tests/unit/content/live/answers").glob("*.md"))
"""Documents in the form of a model's answer."""

_CONSTRUCTS = (
    *("**bold** and *it", "alic*", "`co", "de`", "[link](https://example.com/a_b)", "![alt](/i.png) ", "[ref]"),
    *("[ref]: /url 'a'\n", "\n\n", "\n", "\n\n", "- a\n", "- [x] b\n", "  - c\n", "1. one\n", "> q\n", "# T\n"),
    *("---\n", "===\n", "```py\n", "```\n", "| a | b |\n|---|:-:|\n", "| 1 | 2 |\n", "    code\n", "\r\n", "<b>"),
    *("</b>", "<div>\n", "</div>\n", "<!-- c -->", "<think>", "</think>", "$x$", "$$", "\\(y\\)", "\\[z\\]", "text "),
    *("words, more ", "[^1]", "[^1]: note\n", "&amp;", "~~", "*", "_", "\\", "https://a.b/c_d ", "a@b.cd ", "<Foo>"),
    *(
        "\ue000",
        "你好",
        "**「a」**b",
        "e\u0301",
        "\0",
        "  ",
        "\t",
        "|",
        "http",
        "www.a.b",
        "<pre>\n",
        "[",
        "]",
        "(",
        ")",
    ),
)
constructs = st.lists(st.sampled_from(_CONSTRUCTS), min_size=1, max_size=25).map("".join)
"""Any mixture of what Markdown reads."""

some_examples = st.lists(st.sampled_from(examples()), min_size=1, max_size=4).map("\n".join)
sources = st.one_of(constructs, some_examples, markdowns, pure_markdowns, texts, st.sampled_from(attacks()))
