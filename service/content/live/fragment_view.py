"""The view of HTML in fragment mode: settled blocks, in pieces that are each a valid document."""

from itertools import pairwise

from service.content.chunking.fragment import split_fragments
from service.content.chunking.layout import Node, begins_as_block, ends_as_paragraph, nodes
from service.content.html.markup import TAG
from service.content.live.document import Change
from service.content.live.open_path import ROOT, after
from service.content.live.shown import Shown
from service.content.live.view import LiveView
from service.protocol.messages import ChunkBy

_LONGEST_START = 4096


class FragmentView(LiveView):
    """Boundaries as in ``split_fragments``. Whether the last settled block is followed by one depends on its start."""

    def __init__(self, shown: Shown, chunk_by: ChunkBy) -> None:
        super().__init__(shown, chunk_by)
        self._read_to = 0
        """What is before it has been read for its tags."""
        self._element = ROOT
        """The innermost element that is open there."""
        self._top = 0
        """The last place in what was read where no element is open."""
        self._last = 0
        """The offset of the last block before the top."""
        self._ends_as_paragraph = False
        """Whether that block does."""
        self._read()
        if shown.is_complete:
            self.finish()

    @property
    def end(self) -> int:
        return self.boundaries[-1] if self.boundaries else 0

    @property
    def _late(self) -> int:
        return self.end

    def work(self, change: Change) -> int:
        return max(len(change.text), change.settled - self._last)

    def _apply(self, change: Change, was: int) -> None:
        self._read()

    def finish(self) -> None:
        length = self.shown.text.length
        if self.end == length:
            return
        if self.boundaries:
            self.boundaries.append(length)
        else:  # it may be a run of text without a block
            html = self.shown.text.slice(0, length)
            self.boundaries.extend(split_fragments(html, self._chunk_by, self.shown.max_chunk_characters).bounds[1:])

    def _read(self) -> None:
        """Find the boundaries between settled blocks, and the one after the last of them."""
        settled = self.shown.settled
        if self._read_to < settled:
            self._find_top(settled)
            if self._last < self._top:
                self._read_blocks()
        if self._ends_as_paragraph and self._top == settled and self.end < settled:
            following = self.shown.text.slice(settled, min(settled + _LONGEST_START, self.shown.text.length))
            start_tag = TAG.match(following)
            if start_tag and not start_tag[1] and begins_as_block(following, Node(start_tag[2], 0, len(following))):
                self.boundaries.append(settled)

    def _find_top(self, settled: int) -> None:
        html = self.shown.text.slice(self._read_to, settled)
        read = 0
        for tag in TAG.finditer(html):
            self._element = after(self._element, tag[0])
            read = tag.end()
            if self._element is ROOT:
                self._top = self._read_to + read
        if self._element is ROOT:
            self._top = settled
        self._read_to = settled

    def _read_blocks(self) -> None:
        html = self.shown.text.slice(self._last, self._top)
        found = [*nodes(html)]
        for before, following in pairwise(found):
            place = self._last + following.start
            if place > self.end and begins_as_block(html, following) and ends_as_paragraph(html, before):
                self.boundaries.append(place)
        self._ends_as_paragraph = ends_as_paragraph(html, found[-1])
        self._last += found[-1].start
