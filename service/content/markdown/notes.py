"""Footnotes: numbered in the order of their references, written at the end."""


class Notes:
    """The footnotes of one document."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: dict[str, list[str]] = {}

    def reference(self, label: str) -> str:
        """Return the HTML of a reference. It has no address, because the policy has no ids."""
        number = self._numbers.setdefault(label.casefold(), len(self._numbers) + 1)
        return f"<sup>[{number}]</sup>"

    def add(self, label: str, html: str) -> None:
        """Add a note, also if there is no reference to it, or another note with the same label."""
        self._texts.setdefault(label.casefold(), []).append(html)

    def html(self) -> str:
        """Return the list of notes, so that each has the number of its references; the others follow."""
        if not self._texts:
            return ""
        notes = [(self._texts.get(label) or [""])[0] for label in self._numbers]
        for label, texts in self._texts.items():
            notes += texts[label in self._numbers :]
        items = "".join(f"<li>\n{note}</li>\n" for note in notes)
        return f"<hr />\n<ol>\n{items}</ol>\n"
