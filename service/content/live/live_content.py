"""A document that is still being written, as its readers see it."""

from service.content.live.cursor import Cursor
from service.content.live.document import Change
from service.content.live.fragment_view import FragmentView
from service.content.live.piece import LiveCursor
from service.content.live.segment_view import IncrementalView, TextView
from service.content.live.shown import Shown
from service.content.live.view import LiveView
from service.protocol.messages import ChunkBy, HtmlMode

_VIEWS: dict[HtmlMode | None, type[LiveView]] = {
    None: TextView,
    HtmlMode.FRAGMENT: FragmentView,
    HtmlMode.INCREMENTAL: IncrementalView,
}


class LiveContent:
    """The changes of one document, and a view for each kind of readers that it has.

    Not thread-safe. Between ``freeze`` and ``thaw`` one other thread may call what changes it.
    """

    def __init__(self, *, is_text: bool, max_chunk_characters: int) -> None:
        self._is_text = is_text
        self._shown = Shown(is_text=is_text, max_chunk_characters=max_chunk_characters)
        self._views: dict[tuple[HtmlMode | None, ChunkBy], LiveView] = {}
        self._frozen: list[Cursor] = []

    @property
    def settled(self) -> int:
        """What is before it never changes; in UTF-16 code units."""
        return self._shown.settled_units

    @property
    def length(self) -> int:
        """Of what is shown, in characters."""
        return self._shown.text.length

    @property
    def unsettled(self) -> int:
        """Of what is shown, in characters."""
        return self._shown.text.length - self._shown.settled

    def work(self, change: Change) -> int:
        """The most characters that one view reads to apply the change."""
        return max((view.work(change) for view in self._views.values()), default=len(change.text))

    def freeze(self) -> None:
        """Leave the cursors as they are, without a piece to take, until ``thaw``."""
        # All of them are kept: none disappears from its view while the other thread goes through them.
        self._frozen = [cursor for view in self._views.values() for cursor in view.cursors]
        for cursor in self._frozen:
            cursor.freeze()

    def thaw(self) -> None:
        """The cursors show the changes since ``freeze``."""
        for cursor in self._frozen:
            cursor.thaw()
        self._frozen = []

    def apply(self, change: Change) -> None:
        """Record what a step did to the document: cursors have more to take, or something to replace."""
        shown = self._shown
        was = shown.text.length
        shown.apply(change)
        for kind, view in [*self._views.items()]:
            if view.has_readers:
                view.apply(change, was)
            else:
                del self._views[kind]

    def finish(self) -> None:
        """Record that the last change was applied: all of the document can be taken."""
        self._shown.finish()
        for view in self._views.values():
            view.finish()

    def break_off(self) -> None:
        """Record that the document cannot be completed: what it shows is its end, with the tags that are missing."""
        shown = self._shown
        length = shown.text.length
        close = "" if self._is_text else shown.elements.at(length).close
        self.apply(Change(length, close, length + len(close)))
        self.finish()

    def cursor(self, html_mode: HtmlMode, chunk_by: ChunkBy, settled: int) -> LiveCursor | None:
        """Return the position of a reader who has what is before ``settled``, in UTF-16 code units.

        Its first piece is all that is settled after that. ``None`` if not so much is settled yet. A text has no
        ``html_mode``.
        """
        if settled > self._shown.settled_units:
            return None
        kind = None if self._is_text else html_mode, chunk_by
        if kind not in self._views:
            self._views[kind] = _VIEWS[kind[0]](self._shown, chunk_by)
        return self._views[kind].cursor(self._shown.text.place(settled))
