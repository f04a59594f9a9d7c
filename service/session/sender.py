"""Starts, pauses, skips and sends one stream."""

from service.protocol.instant import Instant
from service.protocol.messages import Recover
from service.protocol.server_messages import Chunk
from service.session import replies
from service.session.deadlines import Deadlines
from service.session.delivery import Delivery
from service.session.effects import EffectResult, UpdateStatus
from service.session.ports import Preparation
from service.session.records import StreamStatus
from service.session.recovery import RecoveredStream, continue_delivery, store_skip
from service.session.run import Run
from service.session.source import PlanSource
from service.session.step import StepBuilder
from service.session.stream_state import StreamState


class StreamSender:
    """Writes the messages, effects and events of a started stream to the builder."""

    __slots__ = ("_builder", "_deadlines", "_stores_streams")

    def __init__(self, deadlines: Deadlines, builder: StepBuilder, *, stores_streams: bool) -> None:
        self._deadlines = deadlines
        self._builder = builder
        self._stores_streams = stores_streams

    def start(self, stream: StreamState, preparation: Preparation, now: Instant, *, resumable: bool) -> None:
        """Start a prepared stream; ``resumable`` if it is stored."""
        plan = preparation.plan
        stream.preparation = None
        stream.resumable = resumable
        delivery = Delivery(PlanSource(plan), plan.gap_seconds, now.seconds)
        stream.start(delivery)
        self._builder.send(replies.stream_start(stream, preparation, now))
        self._builder.log.started(stream, preparation)
        if stream.paused:
            self.update_status(stream, StreamStatus.PAUSED)
        self._apply_controls(stream, delivery, now)

    def start_recovered(self, stream: StreamState, recovered: RecoveredStream, now: Instant) -> None:
        """Continue a stream after the index that the client received last; a repeated request starts at index 0."""
        record, message = recovered.record, stream.message
        stream.restore(recovered)
        last_index = message.last_index if isinstance(message, Recover) else -1
        delivery = continue_delivery(recovered, last_index, now.seconds)
        stream.start(delivery)
        if isinstance(message, Recover):
            self._builder.send(replies.stream_recovered(stream, recovered, now))
        else:
            preparation = Preparation(recovered.plan, record.processing_seconds)
            self._builder.send(replies.stream_start(stream, preparation, now))
        self._builder.log.recovered(stream, recovered)
        if stream.paused != record.paused:
            self.update_status(stream, StreamStatus.PAUSED if stream.paused else StreamStatus.RESUMED)
        self._apply_controls(stream, delivery, now)

    def set_paused(self, stream: StreamState, now: Instant, *, paused: bool) -> None:
        """Pause or resume the stream, or the start of a stream that has not started."""
        if stream.paused == paused:
            return
        stream.paused = paused
        if stream.delivery is not None:
            (stream.delivery.pause if paused else stream.delivery.resume)(now.seconds)
            self._builder.log.pause_changed(stream)
            self.update_status(stream, StreamStatus.PAUSED if paused else StreamStatus.RESUMED)

    def skip(self, stream: StreamState, now: Instant) -> None:
        """Skip the stream, once; a stream that has not started is skipped at its start."""
        if not stream.skip_requested:
            stream.skip_requested = True
            self._builder.log.skip_requested(stream)
            if stream.delivery is not None:
                self._skip(stream, stream.delivery, now)

    def continue_skip(self, stream: StreamState, result: EffectResult | None, now: Instant) -> None:
        """Pass the result (``None`` at the start) to the storage of the skip; request its next effect, or skip."""
        assert stream.skip_storage is not None
        try:
            self._builder.request(stream.skip_storage.send(result))
        except StopIteration as end:
            stream.skip_storage = None
            (stream.active_delivery.skip if end.value else stream.active_delivery.flush)(now.seconds)

    def send_due(self, stream: StreamState, now: Instant) -> bool:
        """Send the chunks that are due, and ``stream_complete`` after the last one; return whether it was sent."""
        delivery = stream.delivery
        if delivery is None or stream.skip_storage is not None or self._deadlines.blocked:
            return False
        first = delivery.index
        pieces, lags = delivery.take(now.seconds)
        self._builder.add_chunk_lags(lags)
        for index, (data, close) in enumerate(pieces, first):
            self._builder.send(Chunk(data, index, now.timestamp, close))
        if self._builder.log.records_content:
            self._builder.log.chunks(stream, first, pieces)
        if first == 0 < delivery.index and stream.record is None:
            held_seconds = stream.times().queued_seconds + delivery.paused_seconds(now.seconds)
            self._builder.log.first_chunk(stream, now.seconds - stream.received.seconds - held_seconds)
        if not delivery.finished or delivery.paused:
            return False
        self._builder.send(replies.stream_complete(stream, self._builder.log.session_id, now))
        return True

    def due_at(self, stream: StreamState) -> float | None:
        """When the next chunk is due, in monotonic seconds; ``None`` if none may be sent."""
        delivery = stream.delivery
        if delivery is None or stream.paused or stream.skip_storage is not None or self._deadlines.blocked:
            return None
        return delivery.due_at

    def run(self, stream: StreamState, until: float) -> Run | None:
        """Return the chunks that may be sent without ``send_due`` before ``until``; ``None`` if there are none."""
        return None if self.due_at(stream) is None else stream.active_delivery.run(until)

    def update_status(self, stream: StreamState, status: StreamStatus) -> None:
        if stream.resumable:
            self._builder.request(UpdateStatus(stream.stream_id, stream.epoch, status))

    def _apply_controls(self, stream: StreamState, delivery: Delivery, now: Instant) -> None:
        """Skip and pause the stream as the client requested before its start."""
        if stream.skip_requested:
            self._skip(stream, delivery, now)
        if stream.paused:
            delivery.pause(now.seconds)

    def _skip(self, stream: StreamState, delivery: Delivery, now: Instant) -> None:
        """Skip the delivery; if streams are stored, store the skip before the first merged chunk is sent."""
        if not self._stores_streams:
            delivery.skip(now.seconds)
        elif not stream.resumable:
            delivery.flush(now.seconds)  # a store that failed may have the stream all the same
        elif not delivery.skipped:
            stream.skip_storage = store_skip(
                stream.ticket, stream.stream_id, stream.admitted_trace, stream.epoch, delivery.index
            )
            self.continue_skip(stream, None, now)
