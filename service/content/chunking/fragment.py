"""Fragment mode: sanitised HTML in chunks that are each a valid document.

A boundary is only where no element is open, and only where an editor that appends the chunks one by one builds the same
document. The top level consists of runs of text and inline elements, paragraphs, and other blocks.

| before the boundary | after it | boundary |
| --- | --- | --- |
| text | text or inline element | at the end of a segment |
| inline element | inline element | at the end of a segment |
| inline element | text | never: the text would inherit its marks |
| line break | text | never: it stays with the text, and the boundary is before it |
| run | paragraph, other block | always |
| paragraph | paragraph, other block | always |
| paragraph | run | never: the run would be merged into the paragraph |
| other block | anything | never: it would be merged into the block, or replace it |

An inline element that contains a block, or a block that some editors do not support, counts as an inline element before
a boundary and as a block after it. White space stays with the preceding content, at the beginning with the following. A
chunk that an editor would read as plain text contains no tag and no reference, because the editor would show them; it
is merged with its neighbours where the limit allows.
"""

from collections.abc import Iterator

from service.content.chunking.inline_run import Run
from service.content.chunking.layout import Item, Kind, items
from service.content.chunks import Chunks
from service.protocol.messages import ChunkBy


def split_fragments(html: str, chunk_by: ChunkBy, max_characters: int) -> Chunks:
    """Return sanitised ``html`` in valid fragments; joined they are ``html``.

    A run is split by ``chunk_by``, and below ``max_characters`` where a boundary exists. Paragraphs and other blocks
    are never split. Linear in time.
    """
    return Chunks(html, (*_boundaries(html, chunk_by, max_characters), len(html)))


def _boundaries(html: str, chunk_by: ChunkBy, max_characters: int) -> Iterator[int]:
    """Yield the boundaries in order, without the two ends."""
    before: Kind | None = None
    run: list[Item] = []
    for item in items(html):
        if item.kind.flows:
            run.append(item)
            continue
        if run:
            yield from Run(html, run, before, block_follows=True).boundaries(chunk_by, max_characters)
            run = []
        elif before is Kind.PARAGRAPH:
            yield item.start
        before = item.kind
    if run:
        yield from Run(html, run, before, block_follows=False).boundaries(chunk_by, max_characters)
