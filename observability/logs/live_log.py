"""The log lines of live streams."""

from typing import assert_never

from observability.logs.event_ids import event_ids, milliseconds
from observability.logs.event_logger import EventLogger
from observability.registry import live_lines
from service import events


class LiveLog:
    """Writes the line that belongs to an event of a live stream."""

    def __init__(self, logger: EventLogger) -> None:
        self._log = logger.log

    def record(self, event: events.LiveEvent) -> None:  # noqa: C901 - one match over all events of live streams
        log, ids = self._log, event_ids(event)
        match event:
            case events.LiveStreamCreated():
                log(
                    live_lines.LIVE_STREAM_CREATED,
                    **ids,
                    content_type=event.content_type,
                    speed=event.speed,
                    chunk_by=event.chunk_by,
                    sampled=event.trace.sampled,
                )
            case events.LiveStreamEnded():
                log(
                    live_lines.LIVE_STREAM_ENDED,
                    **ids,
                    outcome=event.outcome,
                    bytes=event.bytes,
                    seconds=round(event.seconds, 3),
                    epochs=event.epochs,
                )
            case events.AppendRefused():
                log(live_lines.APPEND_REFUSED, **ids, reason=event.reason)
            case events.LiveStreamAdopted():
                seconds = round(event.silent_seconds, 3)
                log(live_lines.LIVE_STREAM_ADOPTED, **ids, epoch=event.epoch, seconds=seconds)
            case events.ProducerStalled():
                log(live_lines.PRODUCER_STALLED, **ids)
            case events.ProducerContinued():
                log(live_lines.PRODUCER_CONTINUED, **ids, seconds=round(event.silent_seconds, 3))
            case events.ProducerLost():
                log(live_lines.PRODUCER_LOST, **ids, bytes=event.bytes)
            case events.LiveReaderAttached():
                log(
                    live_lines.LIVE_READER_ATTACHED,
                    **ids,
                    way=event.way,
                    content_type=event.content_type,
                    html_mode=event.html_mode,
                    late=event.late,
                    settled=event.settled,
                )
            case events.LiveFirstChunkSent():
                log(live_lines.LIVE_FIRST_CHUNK_SENT, **ids, ms=milliseconds(event.seconds))
            case events.LiveReaderDetached():
                first = event.first_chunk_seconds
                log(
                    live_lines.LIVE_READER_DETACHED,
                    **ids,
                    end=event.end,
                    way=event.way,
                    chunks=event.chunks,
                    bytes=event.bytes,
                    seconds=round(event.seconds, 3),
                    replacements=event.replacements,
                    **({} if first is None else {"first_chunk_seconds": round(first, 3)}),
                    gap_seconds=round(event.longest_gap_seconds, 3),
                    wait_seconds=round(event.longest_wait_seconds, 3),
                )
            case (
                events.LiveAppendsStored()
                | events.LiveStreamsCounted()
                | events.PublishSocketsCounted()
                | events.LiveMeasured()
            ):
                pass
            case _:
                assert_never(event)
