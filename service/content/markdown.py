"""GitHub Flavored Markdown to HTML. The result is not sanitised."""

import ctypes
import re
from functools import cache
from threading import Lock

from cmarkgfm import Options, _cmark, cmark

_EXTENSIONS = ("table", "strikethrough", "autolink", "tasklist")
# While parsing, the library keeps the special characters of extensions in a table shared by all threads.
_ONE_AT_A_TIME = Lock()
_LIST_TAG = re.compile(r'<(/?)(ul|ol|li)(?=[ >])[^<>]*+>(?:<input type="checkbox" (checked="" )?disabled="" /> )?')


def markdown_to_html(markdown: str) -> str:
    """Return the HTML of ``markdown``, including its raw HTML. Linear in time.

    The language of a fenced block becomes the class ``language-…``; a list in which every item is a task has the form
    of editors: ``ul[data-type=taskList] > li[data-type=taskItem][data-checked]``.
    """
    with _ONE_AT_A_TIME:
        html = _renderer().render(markdown)
    return _with_task_lists(html)


def _with_task_lists(html: str) -> str:
    lists: list[tuple[re.Match[str], list[re.Match[str]]]] = []
    """The start tag of each open list, and the tags of its items."""
    edits: list[tuple[int, str, int]] = []
    """Offset, replacement, and offset at which copying continues."""
    for tag in _LIST_TAG.finditer(html):
        closes, name, _ = tag.groups()
        if name == "li":
            if lists and not closes:
                lists[-1][1].append(tag)
        elif not closes:
            lists.append((tag, []))
        elif lists:
            first, items = lists.pop()
            if name == "ul" and items and all(item[0].endswith(" ") for item in items):
                edits.append((first.end(2), ' data-type="taskList"', first.end(2)))
                for item in items:
                    checked = "true" if item[3] else "false"
                    edits.append((item.end(2), f' data-type="taskItem" data-checked="{checked}"', item.end(2)))
                    edits.append((item.end() - 1, "", item.end()))  # an editor would keep the space
    pieces: list[str] = []
    copied = 0
    for start, text, end in sorted(edits):
        pieces += html[copied:start], text
        copied = end
    return "".join(pieces) + html[copied:]


class _Renderer:
    """cmark-gfm with its memory freed.

    The functions of the package leak the tree and the text of every document (5 MB for 100 KB) and are not used.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(_cmark.__file__)
        library.cmark_node_free.argtypes = [ctypes.c_void_p]
        library.cmark_get_default_mem_allocator.restype = ctypes.c_void_p
        self._library = library
        self._allocator = _cmark.ffi.cast("cmark_mem *", library.cmark_get_default_mem_allocator())
        cmark.core_extensions_ensure_registered()
        self._extensions = [cmark.find_syntax_extension(name) for name in _EXTENSIONS]

    def render(self, markdown: str) -> str:
        parser = cmark.parser_new(Options.CMARK_OPT_UNSAFE)
        try:
            for extension in self._extensions:
                cmark.parser_attach_syntax_extension(parser, extension)
            cmark.parser_feed(parser, markdown)
            root = cmark.parser_finish(parser)
            try:
                return self._html(root, cmark.parser_get_syntax_extensions(parser))
            finally:
                self._library.cmark_node_free(int(_cmark.ffi.cast("intptr_t", root)))
        finally:
            cmark.parser_free(parser)

    def _html(self, root: object, extensions: object) -> str:
        buffer = _cmark.lib.cmark_render_html(root, Options.CMARK_OPT_UNSAFE, extensions)
        try:
            html: bytes = _cmark.ffi.string(buffer)
            # A reference to U+FFFE or U+FFFF is written as bytes that are not UTF-8.
            return html.decode(errors="replace")
        finally:
            self._allocator.free(buffer)


@cache
def _renderer() -> _Renderer:
    return _Renderer()
