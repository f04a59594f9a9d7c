"""Fragments: sanitised HTML in chunks of which each is whole by itself.

A cut is made only where no element is open, and only where an editor that appends one chunk after the other ends up
with the same document. At the top level stand runs of text and inline elements, paragraphs, and other blocks.

| before the cut | after it | cut |
| --- | --- | --- |
| text | text or inline element | at the end of a segment |
| inline element | inline element | at the end of a segment |
| inline element | text | never: the text would take on its marks |
| line break | text | never: it goes with the text, and the cut is before it |
| run | paragraph, other block | always |
| paragraph | paragraph, other block | always |
| paragraph | run | never: the run would go into the paragraph |
| other block | anything | never: it would go into the block, or replace it |

An inline element with a block in it, or a block that not every editor knows, is an inline element to what precedes it,
and a block to what follows. White space stays with what precedes it, at the beginning with what follows. A chunk that
an editor would read as nothing but plain text has no tag and no reference in it, as the editor would show them; it goes
together with its neighbours, as far as the limit allows and if there is anything else.
"""

from collections.abc import Iterator
from itertools import pairwise

from service.content.inline_run import Run
from service.content.layout import Item, Kind, items
from service.protocol.messages import ChunkBy


def fragments(html: str, chunk_by: ChunkBy, max_characters: int) -> list[str]:
    """``html`` (sanitised) in whole fragments; joined they are ``html``.

    A run is cut by ``chunk_by``, and so that no chunk is longer than ``max_characters`` where a cut can help it.
    Paragraphs and other blocks are never cut. Linear in time.
    """
    places = [0, *_places(html, chunk_by, max_characters), len(html)]
    return [html[start:end] for start, end in pairwise(places)]


def _places(html: str, chunk_by: ChunkBy, max_characters: int) -> Iterator[int]:
    """Where to cut, in order, without the two ends."""
    before: Kind | None = None
    run: list[Item] = []
    for item in items(html):
        if item.kind.flows:
            run.append(item)
            continue
        if run:
            yield from Run(html, run, before, block_follows=True).places(chunk_by, max_characters)
            run = []
        elif before is Kind.PARAGRAPH:
            yield item.start
        before = item.kind
    if run:
        yield from Run(html, run, before, block_follows=False).places(chunk_by, max_characters)
