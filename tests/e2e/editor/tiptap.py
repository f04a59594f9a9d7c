"""A real Tiptap editor in a node process."""

import json
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from tests.conftest import PROJECT, environment
from tools.node import NODE

Node = dict[str, Any]
"""A node of a ProseMirror document, as JSON."""


class RefusedByEditorError(Exception):
    """The editor raised an exception for this HTML, because its schema cannot represent it."""


class Tiptap:
    """Sends HTML to the editor; results are without the empty paragraphs at the end of a document."""

    def __init__(self) -> None:
        self._program = subprocess.Popen(
            [NODE, "tiptap.mjs"],
            cwd=PROJECT / "tests/e2e/node",
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._program.communicate()

    def document(self, html: str) -> list[Node]:
        """Return the document that ``setContent(html)`` makes."""
        return _content(self._answer("document", html))

    def document_with_space(self, html: str) -> list[Node]:
        """Return the document that ``setContent(html)`` makes with white space preserved, as ``insertContent`` does."""
        return _content(self._answer("documentWithSpace", html))

    def appended(self, chunks: Sequence[str]) -> list[Node]:
        """Return the document that ``insertContent`` of each makes in an empty editor."""
        return _content(self._answer("appended", list(chunks)))

    def is_equal(self, extensions: str, whole: str, chunks: Sequence[str]) -> bool:
        """Return whether ``insertContent`` of each chunk makes the document of ``setContent(whole)``.

        The editor has the ``usual`` extensions, also those for details, mentions and formulas (``nodes``), or those of
        the ``starter`` kit alone.
        """
        return bool(self._answer("equal", [extensions, whole, list(chunks)])["equal"])

    def shown(self, htmls: Sequence[str]) -> list[list[Node]]:
        """Return the documents that successive calls of ``setContent`` make."""
        return [_content(document) for document in self._answer("shown", htmls)]

    def _answer(self, what: str, argument: object) -> Any:  # noqa: ANN401 - JSON
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps([what, argument]) + "\n")
        self._program.stdin.flush()
        answer = json.loads(self._program.stdout.readline())
        if "error" in answer:
            raise RefusedByEditorError(answer["error"])
        return answer


def is_empty_paragraph(node: Node) -> bool:
    return node["type"] == "paragraph" and "content" not in node


def _content(document: Node) -> list[Node]:
    nodes: list[Node] = document["content"]
    while len(nodes) > 1 and is_empty_paragraph(nodes[-1]):
        nodes.pop()
    return nodes
