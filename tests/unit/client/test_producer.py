"""A producer over links of the test: what is written arrives once, whatever fails."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming_content import (
    BackOff,
    ConnectFailed,
    ConnectionClosed,
    Message,
    Producer,
    ProducerFenced,
    PublishFailed,
    PublishRefused,
    StreamCancelled,
    StreamEnded,
    StreamingError,
)
from streaming_content.producer import MAX_PENDING_BYTES
from streaming_content.publication import Publication
from streaming_content.retries import Retries

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=20)


class Service:
    """Takes what producers send, and fails as set. It is both links."""

    def __init__(self, failures: Sequence[tuple[int, StreamingError]] = ()) -> None:
        """Each failure has the number of parts that are stored before it."""
        self.source = b""
        self.status = ""
        self.runs = 0
        self.open = asyncio.Event()
        """Cleared, nothing is stored."""
        self.open.set()
        self._failures = [*failures]

    async def run(self, publication: Publication) -> None:
        self.runs += 1
        parts, error = self._failures.pop(0) if self._failures else (-1, None)
        publication.stored(len(self.source))
        offset = publication.durable
        while not publication.over.is_set():
            if parts == 0 and error is not None:
                raise error
            parts -= 1
            await publication.wait_written(offset, 1000)
            await self.open.wait()
            if data := publication.part(offset):
                assert offset <= len(self.source)
                assert self.source[offset:] == data[: len(self.source) - offset]
                self.source = self.source[:offset] + data
                offset += len(data)
                publication.stored(offset)
            if end := publication.end(offset):
                assert end.get("sha256") in (None, hashlib.sha256(self.source).hexdigest())
                self.status = str(end["status"])
                publication.ended(self.status, offset)


class Silent:
    """A link on which something happens to the stream."""

    def __init__(self) -> None:
        self.publication: asyncio.Future[Publication] = asyncio.get_running_loop().create_future()

    async def run(self, publication: Publication) -> None:
        self.publication.set_result(publication)
        await publication.over.wait()


def producer(link: Service | Silent, begun: Message | None = None, retry_seconds: float = 1000) -> Producer:
    async def begin() -> Message:
        return begun or {"stream_id": "s", "epoch": 0, "offset": 0}

    return Producer(begin, link, link, Retries(retry_seconds, BackOff(0, 0)))


FAILURES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from([ConnectFailed("lost"), ConnectionClosed(1006), PublishRefused(409, {"code": "gap"})]),
    ),
    max_size=6,
)


@given(TEXTS, FAILURES)
async def test_nothing_is_lost_or_doubled(texts: list[str], failures: list[tuple[int, StreamingError]]) -> None:
    service = Service(failures)
    async with producer(service) as out:
        for text in texts:
            await out.write(text)
            await asyncio.sleep(0)
    assert (service.source.decode(), service.status) == ("".join(texts), "complete")
    assert out.durable == len(service.source)


async def test_a_block_that_fails_ends_as_an_error() -> None:
    service = Service()

    async def publish() -> None:
        async with producer(service) as out:
            await out.write("Hello")
            raise LookupError

    with pytest.raises(LookupError):
        await publish()
    assert (service.source, service.status) == (b"Hello", "error")


async def test_a_task_that_is_cancelled_cancels_the_stream() -> None:
    service = Service()
    began = asyncio.Event()

    async def publish() -> None:
        async with producer(service) as out:
            await out.write("Hello")
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(publish())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (service.source, service.status) == (b"Hello", "cancelled")


async def test_write_waits_while_too_much_is_not_durable() -> None:
    service = Service()
    service.open.clear()
    async with producer(service) as out:
        await out.write("x" * MAX_PENDING_BYTES)
        waits = asyncio.create_task(out.write("y"))
        await asyncio.sleep(0)
        assert not waits.done()
        service.open.set()
        await waits
        await out.flush()
        assert out.durable == MAX_PENDING_BYTES + 1


@pytest.mark.parametrize(
    ("happens", "error"),
    [
        (lambda one: one.ended("cancelled", 0), StreamCancelled),
        (lambda one: one.ended("error", 0), StreamEnded),
        (lambda one: one.fenced(), ProducerFenced),
    ],
)
async def test_what_ends_it_from_outside_raises_in_write_and_leaves_a_block(
    happens: Callable[[Publication], None], error: type[StreamingError]
) -> None:
    link = Silent()

    async def publish() -> None:
        async with producer(link) as out, out.stopping():
            happens(await link.publication)
            with pytest.raises(error):
                await out.write("more")
            assert out.cancelled == (error is StreamCancelled)
            await asyncio.Event().wait()  # a model that thinks

    with pytest.raises(error):
        await publish()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("turns", range(4))
async def test_a_block_that_ends_as_it_is_stopped_is_stopped(turns: int) -> None:
    link = Silent()

    async def publish(turns: int) -> None:
        async with out.stopping():
            (await link.publication).ended("cancelled", 0)
            for _ in range(turns):
                await asyncio.sleep(0)

    with pytest.raises(StreamCancelled):
        async with producer(link) as out:
            await publish(turns)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)  # not cancelled here


async def test_a_cancelled_task_is_not_taken_for_a_cancelled_stream() -> None:
    link = Silent()

    async def publish() -> None:
        async with producer(link) as out, out.stopping():
            await asyncio.Event().wait()

    task = asyncio.create_task(publish())
    publication = await link.publication
    task.cancel()
    publication.ended("cancelled", 0)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_refusal_ends_it() -> None:
    refused = PublishRefused(413, {"code": "source_too_large", "message": "Too much."})
    with pytest.raises(PublishRefused) as raised:
        async with producer(Service([(0, refused)])) as out:
            await out.write("more")
    assert raised.value is refused


async def test_a_service_that_is_unavailable_for_too_long_ends_it() -> None:
    lost = ConnectionClosed(1006)
    with pytest.raises(PublishFailed) as raised:
        async with producer(Service([(0, lost)]), retry_seconds=-1) as out:
            await out.write("Hello")
    assert raised.value.__cause__ is lost


async def test_a_fault_of_the_client_is_no_endless_wait() -> None:
    class Faulty(Service):
        async def run(self, publication: Publication) -> None:
            raise ZeroDivisionError

    with pytest.raises(PublishFailed, match="ZeroDivisionError"):
        async with producer(Faulty()) as out:
            await out.write("Hello")


async def test_an_adopted_stream_goes_on_with_its_tail() -> None:
    service = Service()
    service.source = "Hellø".encode()[:-1]  # the character was lost in its middle
    begun = {"stream_id": "s", "epoch": 1, "offset": 5, "tail": "Hell", "rest": "c3"}
    async with producer(service, begun) as out:
        assert (out.epoch, out.offset, out.tail) == (1, 4, "Hell")
        await out.write("ø, world")
    assert (service.source.decode(), service.status) == ("Hellø, world", "complete")


async def test_it_needs_its_block() -> None:
    out = producer(Service())
    assert out.stream_id == ""
    with pytest.raises(RuntimeError, match="async with"):
        await out.write("Hello")


async def test_nothing_is_written_after_the_end() -> None:
    async with producer(Service()) as out:
        await out.write("Hello")
        await out.close()
        with pytest.raises(RuntimeError, match="closed"):
            await out.write("more")
