"""Raw HTML inside a line of Markdown: a tag that its writer meant as HTML, or a placeholder to be shown."""

import re
from collections import defaultdict

from service.content.html.elements import ELEMENTS, EMBEDS, names
from service.content.markdown.bare_links import escape_text, unescape_text

PASSED = ELEMENTS | names(
    "acronym big center dir font hgroup marquee nobr noscript picture strike tt",
)
"""Elements whose tags are HTML wherever they are: those of the policy, older ones, and wrappers."""

EMBEDDED = frozenset(EMBEDS) | names(
    "area audio button canvas data dialog embed fieldset form iframe legend map math meter object option output param",
    "progress select source svg track video",
)
"""Elements whose tags are HTML if they have attributes, and otherwise names in a text about them."""

REMOVED = names("script style template")
"""Elements that are removed with their content. If one is not closed in its run of text, its tag is a name."""

HTML_NAMES = (
    PASSED
    | EMBEDDED
    | REMOVED
    | names(
        "address article aside base basefont body col colgroup datalist frame frameset h1 head html keygen link",
        "listing main menu menuitem meta noembed noframes optgroup plaintext portal rb rtc search slot textarea title",
        "xmp",
    )
)

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)[ \t\r\n]*+(/?>)?")
_VOID = names("br col hr img input wbr")


class RawTags:
    """Decides on the inline tags of a document, in order. A decision may wait for the end tag in the same run."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, list[int]] = defaultdict(list)
        """By name, the places of start tags in the run that are written as text so far."""
        self._embedded: defaultdict[str, int] = defaultdict(int)
        """The number of open embedded elements by name."""

    def end_run(self) -> None:
        """Begin a new run of text."""
        if self._waiting:
            self._waiting.clear()

    def is_waiting(self) -> bool:
        """Return whether a tag in the run may still become HTML."""
        return bool(self._waiting)

    def has_open(self) -> bool:
        """Return whether an end tag in a later run would be HTML because of a start tag."""
        return any(self._embedded.values())

    def add(self, tag: str, run: list[str]) -> None:
        """Append ``tag`` to ``run``, as HTML or as text. An earlier start tag in the run may become HTML."""
        match = _TAG.match(tag)
        if match is None:  # a comment is invisible; declarations and instructions are text about a page
            run.append(tag if tag.startswith("<!--") else escape_text(tag))
            return
        end, name, bare = match.groups()
        name = name.lower()
        if end:
            run.append(self._end_tag(tag, name, run))
            return
        if name in PASSED:
            # "Option<S>" is a type, unless there is an end tag.
            is_html = not bare or name in _VOID or not run or not run[-1][-1:].isalnum()
        else:
            is_html = not bare and name in EMBEDDED
            self._embedded[name] += is_html
        if not is_html and (name in PASSED or name in REMOVED):
            self._waiting[name].append(len(run))
        run.append(tag if is_html else escape_text(tag))

    def _end_tag(self, tag: str, name: str, run: list[str]) -> str:
        waiting = self._waiting.get(name)
        if waiting:
            place = waiting.pop()
            run[place] = unescape_text(run[place])
            return tag
        if self._embedded.get(name):
            self._embedded[name] -= 1
            return tag
        return tag if name in PASSED else escape_text(tag)
