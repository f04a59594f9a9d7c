"""Blocks: sanitised HTML as a sequence of blocks that an editor reads one by one as it reads the whole.

An editor takes HTML for text if it finds nothing but text in it, and shows its tags; and text beside a block becomes a
part of the block before it. Text at the top level, or in an element that editors do not support, therefore gets a
paragraph. A wrapper (a ``section``, a table that only places content) would be one chunk with all of its content, so it
is opened; see opening.py.
"""

import re

from service.content.chunking.layout import flows, nodes
from service.content.chunking.opening import Opener, is_to_be_read, paragraph
from service.content.html.markup import INLINE

# Text and markup that every editor reads alike, whether it is inserted as text or as HTML.
_SIMPLE_RUN = re.compile(
    r'(?:[^<&]++|</?(?:b|strong|i|em|u|s|strike|del|code)(?: [^>]*+)?>|<br>|<a (?:[^>]*? )??href="[^>]*+>|</a>)*'
)
_SPACE_AT_END = re.compile(rf" ((?:</(?:{'|'.join(sorted(INLINE))})>)+)\Z")


def is_simple_run(html: str) -> bool:
    """Return whether ``html`` is only text without references, and simple markup."""
    return _SIMPLE_RUN.fullmatch(html) is not None


def to_blocks(html: str) -> str:
    """Return sanitised ``html`` as a sequence of blocks, or unchanged if it is a simple run.

    Sanitising the result again changes nothing. Apart from the tags of paragraphs, it is at
    most three times as long. Linear in time.
    """
    if is_simple_run(html):
        return html
    return blocks_of(html, Opener())


def blocks_of(html: str, opener: Opener) -> str:
    """Return ``html`` as a sequence of blocks, if it is what follows the blocks that ``opener`` has opened."""
    pieces: list[str] = []
    copied = run = 0
    """Where what is not in the pieces begins, and in it a run of text and inline elements."""
    for name, start, end in nodes(html):
        if flows(html, name, start, end):
            continue
        if run < start:
            pieces += without_space_at_end(html[copied:run]), paragraph(html[run:start])
            copied = start
        if is_to_be_read(html, name, start, end):
            pieces += html[copied:start], opener.opened(html[start:end], start)
            copied = end
        run = end
    if run < len(html):
        pieces += without_space_at_end(html[copied:run]), paragraph(html[run:])
        copied = len(html)
    opener.skip(len(html))
    return "".join([*pieces, html[copied:]]) if pieces else html


def without_space_at_end(blocks: str) -> str:
    """Return ``blocks`` as they are before another block, where a space at their end would be at the end of a line."""
    return _SPACE_AT_END.sub(r"\1", blocks)
