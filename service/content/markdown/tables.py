"""Tables, with a head and a body."""

from collections.abc import Sequence


class OpenTable:
    """A table that is being written."""

    def __init__(self, out: list[str], alignments: Sequence[str]) -> None:
        """Append the start tag to ``out``; ``alignments`` has one of None, Left, Center, Right for each column."""
        attributes = ["" if name == "None" else f' align="{name.lower()}"' for name in alignments]
        self._tags = {cell: [f"<{cell}{attribute}>" for attribute in attributes] for cell in ("th", "td")}
        self._cell = "th"
        self._column = 0
        self._has_body = False
        out.append("<table>\n")

    def start_head(self, out: list[str]) -> None:
        """Begin the row of column names."""
        out.append("<thead>\n<tr>\n")

    def end_head(self, out: list[str]) -> None:
        """End the row of column names."""
        out.append("</tr>\n</thead>\n")

    def start_row(self, out: list[str]) -> None:
        """Begin a row, and with the first the body."""
        self._cell = "td"
        self._column = 0
        out.append("<tr>\n" if self._has_body else "<tbody>\n<tr>\n")
        self._has_body = True

    def start_cell(self, out: list[str]) -> None:
        """Begin the next cell of the row."""
        out.append(self._tags[self._cell][self._column])
        self._column += 1

    def end_cell(self) -> str:
        """Return the end tag of a cell."""
        return "</th>\n" if self._cell == "th" else "</td>\n"

    def close(self, out: list[str]) -> None:
        """Append the end tags."""
        out.append("</tbody>\n</table>\n" if self._has_body else "</table>\n")
