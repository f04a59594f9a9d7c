"""What the feeds of a process share."""

from collections.abc import Callable

from msgspec import Struct

from service.content.live.document import LiveDocument
from service.events import FaultRaised, FaultSource, LiveMeter
from service.live.ports import LiveStore
from service.live.records import LiveRecord
from service.protocol.messages import ContentType
from service.publishing.conversion_thread import ConversionThread
from service.session.ports import Ids, Recorder


class FeedParts(Struct, frozen=True):
    """The same for each feed."""

    store: LiveStore
    create_document: Callable[[ContentType], LiveDocument]
    max_chunk_characters: int
    thread: ConversionThread
    meter: LiveMeter
    recorder: Recorder
    ids: Ids

    def record_fault(self, record: LiveRecord, exception: Exception, source: FaultSource) -> None:
        """Record a fault of the service in the feed of a stream."""
        fault = FaultRaised(
            self.ids.new_id(),
            source,
            exception,
            session_id=record.session_id,
            stream_id=record.stream_id,
            trace=record.trace,
        )
        self.recorder.record(fault)
