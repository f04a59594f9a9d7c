"""The HTML of a document while it is written: blocks, and the run of text in the innermost of them."""

from service.content.markdown.lists import OpenList
from service.content.markdown.notes import Notes
from service.content.markdown.raw_tags import RawTags

_PIECES = 256

NESTED = "\0"
"""Around a block in a run of text. No document has this character."""


class Blocks:
    """What was written so far.

    ``out`` has the pieces that are not settled: start tags that depend on later events are changed in place. ``run``
    has the text and inline elements of the open paragraph, heading, cell or item. Joining what is settled saves memory:
    a string of few characters has fifty bytes more.
    """

    def __init__(self) -> None:
        self._settled: list[str] = []
        self.out: list[str] = []
        self.lists: list[OpenList] = []
        self.run: list[str] = []
        self._joined = 0
        """The number of pieces at the start of the run that are not joined again."""
        self.raw_tags = RawTags()
        self.notes = Notes()
        self._outer: list[tuple[str, list[str]]] = []
        """The label of each open footnote, and the blocks that it interrupts."""

    def html(self) -> str:
        """Return the document, with its footnotes at the end."""
        self.end_run()
        return "".join([*self._settled, *self.out, self.notes.html()])

    def begin(self) -> None:
        """Begin a line for a block. The run of an item ends."""
        self.end_run()
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")
        self.settle()

    def settle(self) -> None:
        """Join the pieces, if they are many and final. Called where a line begins."""
        if len(self.out) >= _PIECES and not self.lists and not self._outer:
            self._settled.append("".join(self.out))
            self.out.clear()

    def settle_run(self) -> None:
        """Join the pieces of the run, if they are many and final."""
        if len(self.run) - self._joined >= _PIECES and not self.raw_tags.is_waiting():
            self.run[self._joined :] = ["".join(self.run[self._joined :])]
            self._joined += 1

    def end_item(self) -> None:
        """End the item of a list."""
        self.end_run()
        self.lists[-1].end_item(self.out)

    def end(self, end_tag: str) -> None:
        """End a block and its run."""
        self.end_run()
        self.out.append(end_tag)

    def end_run(self) -> None:
        """Append the run to the blocks."""
        if self.run:
            self.out.append("".join(self.run).replace(NESTED, ""))
            self.run.clear()
            self._joined = 0
        self.raw_tags.end_run()

    def end_paragraph(self) -> None:
        """End a paragraph. A block in its run divides it, since no paragraph can contain one."""
        text = "".join(self.run)
        if NESTED not in text:
            self.end("</p>\n")
            return
        self.run.clear()
        self._joined = 0
        self.out.pop()  # the start tag
        for index, part in enumerate(text.split(NESTED)):
            if index % 2:
                self.out.append(f"{part}\n")
            elif part and not part.isspace():
                self.out.append(f"<p>{part.strip()}</p>\n")
        self.end_run()

    def start_note(self, label: str) -> None:
        """Begin a footnote: what is written until its end is not part of the document around it."""
        self.begin()
        self._outer.append((label, self.out))
        self.out = []

    def end_note(self) -> None:
        """End the innermost footnote."""
        self.end_run()
        label, outer = self._outer.pop()
        self.notes.add(label, "".join(self.out))
        self.out = outer
