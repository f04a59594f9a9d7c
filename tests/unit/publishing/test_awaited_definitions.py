"""How long readers wait for a definition."""

import asyncio

from service.events import LiveMeter
from service.publishing.awaited_definitions import AwaitedDefinitions
from tests.virtual_time import run_virtually


def test_a_wait_lasts_from_the_first_change_to_the_definition() -> None:
    async def main() -> None:
        meter = LiveMeter()
        awaited = AwaitedDefinitions(meter)
        awaited.update(awaits=True, readers=2)
        await asyncio.sleep(3)
        awaited.update(awaits=True, readers=5)
        waiting = meter.take()
        assert waiting is not None
        assert (waiting.awaiting_definition, sum(waiting.definition_waits.counts)) == (2, 0)
        await asyncio.sleep(3)
        awaited.update(awaits=False, readers=5)
        came = meter.take()
        assert came is not None
        assert (came.awaiting_definition, sum(came.definition_waits.counts)) == (0, 2)
        assert round(came.definition_waits.total) == 12

    run_virtually(main())


def test_without_readers_there_is_no_wait() -> None:
    meter = LiveMeter()
    awaited = AwaitedDefinitions(meter)
    awaited.update(awaits=True, readers=0)
    awaited.update(awaits=False, readers=1)
    awaited.close()
    assert meter.take() is None
