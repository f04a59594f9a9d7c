"""Producers in threads, against a real server."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import httpx
import pytest

from streaming_content import ProducerFenced, PublishRefused, StreamCancelled, SyncProducer, SyncPublisher
from tests.conftest import RunningServer
from tests.integration.publishing.back_end import PUBLISH_TOKEN
from tests.waiting import LIMIT_SECONDS, wait_for

WORDS = [f"word {number} 😀, " for number in range(200)]


@pytest.fixture
def http(publishing: RunningServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
    with httpx.Client(base_url=f"{publishing.url}/v1/streams", headers=headers, timeout=LIMIT_SECONDS) as client:
        yield client


def state(http: httpx.Client, stream_id: str) -> tuple[str, int]:
    found = http.get(f"/{stream_id}").json()
    return found["status"], found["durable"]


def test_threads_publish_at_the_same_time(publishing: RunningServer, http: httpx.Client, session_id: str) -> None:
    def publish(_: int) -> str:
        with publisher.stream(session_id) as out:
            for word in WORDS:
                out.write(word)
        return out.stream_id

    length = len("".join(WORDS).encode())
    with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher, ThreadPoolExecutor(3) as threads:
        for stream_id in threads.map(publish, range(3)):
            assert state(http, stream_id) == ("complete", length)


def test_what_was_flushed_is_stored(publishing: RunningServer, http: httpx.Client, session_id: str) -> None:
    with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher, publisher.stream(session_id) as out:
        out.write("Hello")
        out.flush()
        assert state(http, out.stream_id) == ("open", 5)
        assert (out.offset, out.durable, out.tail, out.cancelled) == (0, 5, "", False)
        out.close("error")
        assert state(http, out.stream_id) == ("error", 5)


def test_a_block_that_fails_ends_as_an_error(publishing: RunningServer, http: httpx.Client, session_id: str) -> None:
    def publish() -> None:
        with publisher.stream(session_id) as out:
            ids.append(out.stream_id)
            out.write("Hello")
            raise LookupError

    ids: list[str] = []
    with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher:
        with pytest.raises(LookupError):
            publish()
        assert state(http, ids[0]) == ("error", 5)


def test_a_cancel_is_seen_and_raises_in_the_next_write(
    publishing: RunningServer, http: httpx.Client, session_id: str
) -> None:
    def publish() -> None:
        with publisher.stream(session_id) as out:
            http.post(f"/{out.stream_id}/cancel")
            wait_for(lambda: out.cancelled, "the stream is cancelled")
            out.write("more")

    with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher, pytest.raises(StreamCancelled):
        publish()


def test_another_thread_adopts(publishing: RunningServer, http: httpx.Client, session_id: str) -> None:
    def publish() -> None:
        with publisher.stream(session_id) as first:
            first.write("Hello")
            first.flush()
            with publisher.adopt(first.stream_id) as second:
                assert (second.offset, second.tail) == (5, "Hello")
                second.write(", world")
            assert state(http, first.stream_id) == ("complete", 12)

    with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher, pytest.raises(ProducerFenced):
        publish()


def test_a_refusal_is_raised_before_the_block(publishing: RunningServer, session_id: str) -> None:
    with (
        SyncPublisher(publishing.url, token="wrong") as publisher,
        pytest.raises(PublishRefused, match="unauthenticated"),
        publisher.stream(session_id),
    ):
        pass


def test_a_publisher_that_ends_ends_what_other_threads_wait_for(publishing: RunningServer, session_id: str) -> None:
    begun = threading.Event()

    def publish(out: SyncProducer) -> None:
        with out:
            begun.set()
            while True:
                out.write("word ")
                out.flush()

    with ThreadPoolExecutor(1) as threads:
        with SyncPublisher(publishing.url, token=PUBLISH_TOKEN) as publisher:
            work = threads.submit(publish, publisher.stream(session_id))
            assert begun.wait(LIMIT_SECONDS)
        assert isinstance(work.exception(LIMIT_SECONDS), CancelledError | RuntimeError)
