"""Segments of text by the rules of Unicode (UAX #29), each as the offset of its end.

No segment ends inside a grapheme, and none is white space alone, unless the text is: white space belongs to the segment
before it, at the beginning to the first one.
"""

import re
from array import array

from service.content.chunking.graphemes import graphemes, is_of_single_characters, without_torn_graphemes
from service.content.chunking.sentences import sentences
from service.content.chunking.words import words
from service.protocol.messages import ChunkBy

_LINE_END = r"(?:\r\n|[\n\r\x85\u2028])"
_PARAGRAPH_END = re.compile(rf"{_LINE_END}[^\S\n\r\x85\u2028]*+{_LINE_END}\s*+|\u2029\s*+")

_VISIBLE = re.compile(r"\S\s*")


def segments(text: str, chunk_by: ChunkBy) -> "array[int]":
    """Return every end of a ``chunk_by``, in order; the last one is the end of the text. Linear in time."""
    match chunk_by:
        case ChunkBy.WORD:
            return words(text)
        case ChunkBy.SENTENCE:
            return sentences(text)
        case ChunkBy.PARAGRAPH:
            return paragraphs(text)
        case ChunkBy.CHARACTER:
            return characters(text)


def paragraphs(text: str) -> "array[int]":
    """Return the end of each paragraph, the blank lines after it included."""
    ends = array("i", (match.end() for match in _PARAGRAPH_END.finditer(text)))
    if ends and text[: ends[0]].isspace():
        del ends[0]
    if text and (not ends or ends[-1] < len(text)):
        ends.append(len(text))
    return without_torn_graphemes(text, ends)


def characters(text: str) -> "array[int]":
    """Return the end of each grapheme, the white space after it included."""
    if is_of_single_characters(text):
        ends = array("i", (match.end() for match in _VISIBLE.finditer(text)))
        return ends or array("i", [len(text)] if text else [])
    ends = array("i")
    start = 0
    for end in graphemes(text):
        if not text[start:end].isspace():
            ends.append(end)
        elif ends:
            ends[-1] = end
        start = end
    return ends or array("i", [len(text)] if text else [])
