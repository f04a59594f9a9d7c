"""What of the closed blocks of Markdown cannot change any more."""

from collections.abc import Sequence

from service.content.chunking.blocks import blocks_of, is_simple_run
from service.content.chunking.opening import Opener
from service.content.html.sanitise import check_prepared_length, sanitise_html
from service.content.live.boundaries import Part
from service.content.live.conversion import Before, balanced, write
from service.content.rules import ContentRules

_MAX_HTML_CHARACTERS = 16_384
"""HTML that is open for more of the source is settled at the end."""


class SettledBlocks:
    """What is before the closed blocks. Only the length of its HTML is kept, and what it leaves behind."""

    def __init__(self, rules: ContentRules, max_characters: int) -> None:
        self.length = 0
        self.before = Before()
        self._rules = rules
        self._max_characters = max_characters
        self._opener = Opener()

    def add(self, source: str, parts: Sequence[Part], number: int) -> str:
        """Add the first ``number`` parts, which ``source`` begins with. Return their HTML."""
        pieces: list[str] = []
        done = 0
        while done < number:
            count = _count_without_html(parts[done:number])
            if not count:
                count = self._balanced(source, parts[:number], done)
            pieces.append(self._add(source, parts, done, done + count))
            done += count
        return "".join(pieces)

    def finish(self, source: str) -> str:
        """Add the rest of the source. Return its HTML."""
        written = write(source, self.before, self._rules)
        check_prepared_length(written.before.html_characters, self._max_characters)
        return self._settle(sanitise_html(written.html, self._rules, self._max_characters).html)

    def count(self, source: str, parts: Sequence[Part]) -> int:
        """Return how many of the first parts, which begin ``source``, can be added."""
        done = 0
        while done < len(parts):
            if parts[done].labels or not parts[done].is_final:
                break
            count = 1 if not parts[done].has_html else self._balanced(source, parts, done)
            if not count:
                break
            done += count
        return done

    def _balanced(self, source: str, parts: Sequence[Part], first: int) -> int:
        """Return how many parts from ``first`` on there are until HTML is no longer open; 0 if it is."""
        start = parts[first].start
        for number, part in enumerate(parts[first:], 1):
            if part.labels or not part.is_final or part.end - start > _MAX_HTML_CHARACTERS:
                break
            if part.has_html:
                written = write(source[start : part.end], self._context(parts, first, first + number), self._rules)
                if not written.leaves_open and balanced(written.html, self._rules) is not None:
                    return number
        return 0

    def _add(self, source: str, parts: Sequence[Part], first: int, end: int) -> str:
        later = "".join(part.definitions for part in parts[end:])
        written = write(source[parts[first].start : parts[end - 1].end], self.before, self._rules, later)
        check_prepared_length(written.before.html_characters, self._max_characters)
        safe = sanitise_html(written.html, self._rules, self._max_characters).html
        definitions = self.before.definitions + "".join(part.definitions for part in parts[first:end])
        self.before = written.before._replace(definitions=definitions)
        return self._settle(safe)

    def _context(self, parts: Sequence[Part], first: int, end: int) -> Before:
        definitions = "".join(part.definitions for part in (*parts[:first], *parts[end:]))
        return self.before._replace(definitions=self.before.definitions + definitions)

    def _settle(self, safe: str) -> str:
        is_first = self.length == 0 and is_simple_run(safe)
        html = safe if is_first else blocks_of(safe, self._opener)
        self.length += len(html)
        check_prepared_length(self.length, self._max_characters)
        return html


def _count_without_html(parts: Sequence[Part]) -> int:
    return next((number for number, part in enumerate(parts) if part.has_html), len(parts))
