"""The source of a stream as it arrives: each byte once and in order, as characters."""

import codecs


class SourceText:
    """Decodes UTF-8. The bytes of a character may arrive apart; those that never become one are not shown."""

    def __init__(self) -> None:
        self.length = 0
        """In bytes: the offset of the next one."""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def add(self, offset: int, data: bytes) -> str | None:
        """Return the characters that ``data``, at ``offset``, adds.

        ``None`` if bytes before it are missing: then nothing is added.
        """
        if offset > self.length:
            return None
        added = data[self.length - offset :]
        self.length += len(added)
        return self._decode(added)
