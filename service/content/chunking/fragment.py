"""Fragment mode: blocks in chunks that are each a valid document.

A boundary is only where no element is open, and only where an editor that appends the chunks one by one builds the same
document as from the whole:

| before the boundary | after it | boundary |
| --- | --- | --- |
| paragraph or heading with text | paragraph, heading, list, quote, code block, rule | always |
| paragraph or heading with text | table, image, anything else | never: an editor without it would read it as text |
| anything else | anything | never: it would be merged into the block, or replace it |

A block with a paragraph at its end counts as one. Content that is only a run of text and simple markup is split by
segments:

| before the boundary | after it | boundary |
| --- | --- | --- |
| text | text or inline element | at the end of a segment |
| inline element | inline element | at the end of a segment |
| inline element | text | never: the text would inherit its marks |
| line break | text | never: it stays with the text, and the boundary is before it |

White space stays with the preceding content.
"""

from collections.abc import Iterator
from itertools import pairwise

from service.content.chunking.blocks import is_simple_run
from service.content.chunking.inline_run import run_boundaries
from service.content.chunking.layout import begins_as_block, ends_as_paragraph, nodes
from service.content.chunks import Chunks
from service.protocol.messages import ChunkBy


def split_fragments(html: str, chunk_by: ChunkBy, max_characters: int) -> Chunks:
    """Return ``html``, a result of ``to_blocks``, in valid fragments; joined they are ``html``.

    A run is split by ``chunk_by``, and below ``max_characters`` where a boundary exists. Blocks are never split. Linear
    in time.
    """
    if is_simple_run(html):
        return Chunks(html, run_boundaries(html, chunk_by, max_characters))
    return Chunks(html, (*_boundaries(html), len(html)))


def _boundaries(html: str) -> Iterator[int]:
    """Yield the boundaries in order, without the two ends."""
    for before, after in pairwise(nodes(html)):
        if begins_as_block(html, after) and ends_as_paragraph(html, before):
            yield after.start
