"""How long readers of settled blocks wait for a definition."""

import asyncio

from service.events import LiveMeter


class AwaitedDefinitions:
    """Counts one wait at a time: from the change after which a document awaits a definition."""

    def __init__(self, meter: LiveMeter) -> None:
        self._meter = meter
        self._readers = 0
        self._since = 0.0

    def update(self, awaits: bool, readers: int) -> None:  # noqa: FBT001 - a state, not an option
        """The document has changed, for this number of readers of settled blocks."""
        if awaits and not self._readers and readers:
            self._readers = readers
            self._since = asyncio.get_running_loop().time()
            self._meter.awaits_definition(readers)
        elif not awaits:
            self.close()

    def close(self) -> None:
        """The wait is over, if there is one."""
        if self._readers:
            self._meter.definition_came(self._readers, asyncio.get_running_loop().time() - self._since)
            self._readers = 0
