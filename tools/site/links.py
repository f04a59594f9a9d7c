"""Where a file of the repository is on the site, and links between them."""

import re
from pathlib import PurePosixPath
from posixpath import normpath, relpath
from typing import Final

PAGES: Final = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "benchmarks/README.md": "benchmarks.md",
    "clients/js/README.md": "javascript.md",
    "clients/python/README.md": "python.md",
    "examples/README.md": "examples.md",
}
"""Documents outside of docs, by their path in the repository: their pages."""

_DOCS: Final = "docs"
_FILES: Final = "files"
"""The folder of the site with the other files that documents link to."""
_LINK: Final = re.compile(r"(\[(?:[^\[\]]|\[[^\]]*\])*\])\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
_FENCED: Final = re.compile(r"(^[ ]*(`{3,}|~{3,}).*?^[ ]*\2[`~]*[ ]*$\n?)", re.MULTILINE | re.DOTALL)


def place_on_site(path: str) -> str:
    """The place of a file of the repository, relative to the root of the site's sources."""
    if path in PAGES:
        return PAGES[path]
    if PurePosixPath(path).parts[0] == _DOCS:
        return path.removeprefix(f"{_DOCS}/")
    return f"{_FILES}/{path}"


def linked(markdown: str, document: str) -> set[str]:
    """The paths in the repository to which a document links."""
    prose = _FENCED.sub("", markdown)
    return {_target(document, link[2]) for link in _LINK.finditer(prose) if link[2]}


def relink(markdown: str, document: str, folders: frozenset[str]) -> str:
    """The document with links as they are on the site. Links to ``folders``, which have no page, become text."""
    here = PurePosixPath(place_on_site(document)).parent

    def replaced(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if not target:
            return link[0]
        path = _target(document, target)
        return text[1:-1] if path in folders else f"{text}({relpath(place_on_site(path), here)}{anchor})"

    # Of each fenced block, split() returns the text before it, the block, and its fence.
    prose, blocks = _FENCED.split(markdown)[::3], [*_FENCED.split(markdown)[1::3], ""]
    return "".join(_LINK.sub(replaced, text) + block for text, block in zip(prose, blocks, strict=True))


def _target(document: str, link: str) -> str:
    return normpath(PurePosixPath(document).parent / link)
