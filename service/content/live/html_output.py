"""The blocks of a document as they are written, in groups with repeated tags around them."""


class Group:
    """Blocks between tags that are repeated around as many blocks as are longer than the tags; see opening.py."""

    def __init__(self, opening: str) -> None:
        self.opening = opening
        self.closing = "</div>" * opening.count("<")
        self.size = 0
        """The characters of the blocks in it that are complete."""
        self.is_open = False
        """Whether the tags before the blocks are written, and those after them are not."""


class HtmlOutput:
    """What has been written. Offsets are in characters."""

    def __init__(self) -> None:
        self.length = 0
        self._first = 0
        """What is before it was taken, and has not been changed."""
        self._pieces: list[str] = []

    def write(self, html: str) -> None:
        self._pieces.append(html)
        self.length += len(html)

    def begin(self, group: Group) -> None:
        """Begin a block in ``group``, if it has tags that are not written."""
        if group.opening and not group.is_open:
            group.is_open = True
            self.write(group.opening)

    def end_block(self, group: Group, size: int) -> None:
        """End a block of ``size`` characters in ``group``, and the group if it is then longer than its tags."""
        group.size += size
        if group.is_open and group.size >= len(group.opening) + len(group.closing):
            self.end(group)

    def end(self, group: Group) -> None:
        """End ``group`` if it has begun."""
        if group.is_open:
            self.write(group.closing)
            group.is_open = False
        group.size = 0

    def truncate(self, length: int) -> None:
        """Remove what follows ``length``."""
        if length < self._first:
            self._first = length
            self._pieces.clear()
        else:
            self._pieces[:] = ["".join(self._pieces)[: length - self._first]]
        self.length = length

    def take(self) -> tuple[int, str]:
        """Return what follows an offset; what is before it is as it was at the last call."""
        taken = self._first, "".join(self._pieces)
        self._first = self.length
        self._pieces.clear()
        return taken
