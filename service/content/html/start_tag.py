"""What becomes of a start tag."""

from collections.abc import Sequence

from msgspec import Struct

from service.content.html.nesting import Position
from service.content.html.removal import Removal


class StartTag(Struct, frozen=True):
    """A start tag after filtering."""

    name: str
    text: str
    """In canonical form; empty if the element is not written, but its content is."""
    removed: Sequence[Removal] = ()
    is_hidden: bool = False
    preserves_space: bool = False
    alternative: str = ""
    """The text in the place of a refused image."""
    address: str = ""
    """The address of that image, if it may be linked."""
    space: float = 0.0
    """The part of the room around its content that its style takes."""
    position: Position | None = None
    """Where only ``text`` is to be written for it, and nothing is to be recorded."""
