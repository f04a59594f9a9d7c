"""The threaded engine prepares, packs and unpacks plans."""

from collections.abc import Iterator

import pytest

from service.content import UnreadablePlan, unpack_plan
from service.events import Event
from service.preparation.engine import ThreadedContentEngine
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest
from service.session.ports import PreparationFailed

REQUEST = StreamRequest(content="Some words. " * 50)


class _NoRecorder:
    def record(self, event: Event) -> None:
        """Do nothing."""


@pytest.fixture
def engine() -> Iterator[ThreadedContentEngine]:
    engine = ThreadedContentEngine(Limits(), _NoRecorder(), packs=True)
    yield engine
    engine.close()


@pytest.mark.parametrize("seconds_left", [3600, 3])
async def test_the_packed_plan_equals_the_plan(engine: ThreadedContentEngine, seconds_left: float) -> None:
    preparation = await engine.prepare(REQUEST, seconds_left)
    assert (len(preparation.plan.chunks) == 100) == (seconds_left == 3600)
    assert preparation.packed is not None
    assert await engine.unpack_plan(preparation.packed) == unpack_plan(preparation.packed) == preparation.plan
    assert preparation.seconds >= sum(stage.seconds for stage in preparation.stages) > 0


async def test_where_content_may_not_be_stored_plans_are_not_packed() -> None:
    engine = ThreadedContentEngine(Limits(), _NoRecorder())
    assert (await engine.prepare(REQUEST, 3)).packed is None
    engine.close()


async def test_a_failure_contains_its_cause_and_its_time(engine: ThreadedContentEngine) -> None:
    with pytest.raises(PreparationFailed) as failed:
        await engine.prepare(StreamRequest(content=" "), 3600)
    assert isinstance(failed.value.__cause__, EmptyContent)
    assert failed.value.seconds > 0
    with pytest.raises(UnreadablePlan):
        await engine.unpack_plan(b"")
